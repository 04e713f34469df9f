"""The saved picture of a wire view: plain HTML and SVG; whatever a page says in it is text."""

import xml.etree.ElementTree as ET

import pytest
from support.payloads import CORPUS
from support.stage import KeepingCarrier

from nbsocket.widgets.pane import Pane
from nbsocket.widgets.wire import Wire


@pytest.fixture
def wire():
    return Wire("chat", KeepingCarrier())


@pytest.fixture
def pane():
    class Output:
        listen = staticmethod(lambda *_: None)

    return Pane("chat", "alice", KeepingCarrier(), None, Output())


def snapshot(text="hello", **changes):
    return {
        "type": "snapshot",
        "seen": 12,
        "left_out": 3,
        "crossings": 1,
        "rows": [
            {"time": text, "client": text, "direction": text, "size": text, "kind": text, "text": text}
        ],
        "width": 640,
        "height": 320,
        "lanes": [{"label": text, "x": 100}],
        "arrows": [{"direction": "in", "exact": True, "line": [1, 2, 3, 4]}],
        "bars": [{"cell": True, "box": [1, 2, 3, 4]}],
        "marks": [[1, 2]],
        **changes,
    }


def parsed(picture):
    return ET.fromstring(f"<div>{picture}</div>")


def test_it_shows_counters_ladder_and_rows(wire):
    picture = wire.picture(snapshot())
    tree = parsed(picture)
    assert "12 seen, 3 left out, 1 crossings" in "".join(tree.itertext())
    assert len(tree.findall(".//tbody/tr")) == 1
    assert len([one for one in tree.iter() if one.get("class") == "arrow"]) == 1
    assert len([one for one in tree.iter() if one.get("class") == "crossing"]) == 1


@pytest.mark.threat(7)
@pytest.mark.parametrize("payload", CORPUS)
def test_hostile_text_stays_text(wire, payload):
    tree = parsed(wire.picture(snapshot(payload)))
    names = {one.tag.rpartition("}")[2] for one in tree.iter()}
    assert names <= {
        "div", "p", "b", "svg", "title", "line", "text", "rect", "circle", "path",
        "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    attributes = {key for one in tree.iter() for key in one.attrib}
    assert not any(key.startswith("on") or key in ("href", "src") for key in attributes)


@pytest.mark.threat(7)
@pytest.mark.parametrize("payload", CORPUS)
def test_hostile_text_in_a_pane_stays_text(pane, payload):
    row = {"time": payload, "kind": payload, "event": payload, "text": payload}
    tree = parsed(pane.picture({"state": payload, "rows": [row, payload, None]}))
    assert {one.tag for one in tree.iter()} <= {
        "div",
        "p",
        "b",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert len(tree.findall(".//tbody/tr")) == 1


@pytest.mark.parametrize("nonsense", [None, "x", 7, [], {"a": 1}, [[["deep"]]], float("nan"), 10**400])
def test_nonsense_makes_a_picture_all_the_same(wire, nonsense):
    for name in snapshot():
        if name != "type":
            parsed(wire.picture(snapshot(**{name: nonsense})))
    parsed(wire.picture(snapshot(arrows=[{"line": nonsense}, nonsense], lanes=[{"x": nonsense}])))


def test_what_the_page_tells_is_bounded(wire):
    rows = [{"text": "x" * 10_000}] * 10_000
    assert len(wire.picture(snapshot(rows=rows, arrows=[{"line": [0, 0, 0, 0]}] * 10_000))) < 200_000
