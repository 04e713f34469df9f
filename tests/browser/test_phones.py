"""A class on phones as they come: of 2021, without a connection, with long names, from right to left."""

import json
import shutil
import subprocess
import time

import pytest
from browser.conftest import ROOT
from browser.test_classroom import axe, come_in, is_narrow
from playwright.sync_api import expect

import nbsocket
from nbsocket.classroom import button, choices, items, say, text, toggle, wall
from nbsocket.gateway import public_routes

pytestmark = pytest.mark.browser

PICTURES = ROOT / "test-results" / "phones"
OLDER = ROOT / "tests" / "support" / "older.mjs"
TAKE_AWAY = """(members) => {
  for (const [owner, name, isStatic] of members) {
    try {
      const from = name === "" ? globalThis : isStatic ? globalThis[owner] : globalThis[owner]?.prototype;
      if (from) delete from[name || owner];
    } catch {}
  }
}"""


@pytest.fixture
def served(monkeypatch):
    """Have another join page served than the one that was built."""

    def serve(html):
        monkeypatch.setattr(
            public_routes, "read_static", lambda name: html.encode() if name == "join.html" else b""
        )

    return serve


@pytest.fixture
def class_(request):
    if "older" in request.fixturenames:
        html = request.getfixturevalue("older")["html"]
        request.getfixturevalue("served")(html)
    server = nbsocket.Server("phones", port=0)
    yield server.open_class("Networks 101")
    server.close()


@pytest.fixture
def phone(chromium, class_, errors):
    """Open a phone at the door."""
    contexts = []

    def open_phone(scheme="light", older=None, link=""):
        context = chromium.new_context(
            viewport={"width": 360, "height": 640}, color_scheme=scheme, has_touch=True
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        if older:
            context.add_init_script(f"({TAKE_AWAY})({json.dumps(older['members'])})")
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(link or class_.link)
        return page

    yield open_phone
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def older():
    """How browsers of 2021 read the join page, and what they do not have."""
    page = (ROOT / "nbsocket" / "static" / "join.html").read_bytes()
    node = shutil.which("node")
    printed = subprocess.run([node, OLDER], input=page, capture_output=True, check=True).stdout
    return json.loads(printed)


def until(is_so):
    for _ in range(200):
        if is_so():
            return
        time.sleep(0.02)
    raise AssertionError("never so")


@pytest.mark.promise(10)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_join_page_does_all_it_does_in_browsers_of_2021(class_, phone, older, errors, scheme):
    alice = phone(scheme, older)
    # Without these it would be a test of nothing.
    for newer in ("structuredClone", "[].at", "Object.hasOwn", "AbortSignal.timeout", "crypto.randomUUID"):
        assert alice.evaluate(f"typeof {newer}") == "undefined", newer
    assert "accent-color" not in alice.content()
    alice.screenshot(path=PICTURES / f"2021-{scheme}-name.png")
    come_in(alice, "Alice")
    chart = class_.bars("Which?")
    class_.show(
        say("Think first."),
        choices("vote", ["one", "two"], "Which?"),
        text("word", "A word"),
        button("buzz", "Buzz!"),
        toggle("hand", "Raise my hand"),
        items("up", [("a", "Why?", 1)], "Questions"),
        wall("stroke", "Draw"),
    )
    alice.get_by_role("button", name="two").click()
    until(lambda: class_.tally("vote") == {"two": 1})
    chart.update(class_.tally("vote")).reveal()
    bars = alice.locator(".nbs-bars li")
    expect(bars).to_have_text(["one0", "two1"])
    alice.get_by_label("A word").fill("pipe")
    alice.get_by_role("button", name="Send").click()
    alice.get_by_role("button", name="Buzz!").click()
    alice.get_by_role("button", name="Raise my hand").click()
    alice.get_by_role("button", name="Vote for “Why?”").click()
    canvas = alice.locator("canvas.draw")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    alice.mouse.move(box["x"] + 20, box["y"] + 20)
    alice.mouse.down()
    alice.mouse.move(box["x"] + 200, box["y"] + 150, steps=15)
    alice.mouse.up()
    until(
        lambda: {one["event"] for one in class_.answers} == {"vote", "word", "buzz", "hand", "up", "stroke"}
    )
    assert len(class_.answers[-1]["value"]["points"]) > 10
    drawn = """(element) => {
      const style = getComputedStyle(element);
      return [style.backgroundColor, style.color];
    }"""
    for selector in (".nbs-bar span", ".nbs-bar", 'button[type="submit"]', "button.push"):
        background, color = alice.locator(selector).last.evaluate(drawn)
        assert background not in ("rgba(0, 0, 0, 0)", color), selector
    axe(alice, "main")
    is_narrow(alice)
    alice.screenshot(path=PICTURES / f"2021-{scheme}.png", full_page=True)
    assert errors == []


@pytest.mark.promise(8)
def test_a_phone_says_what_becomes_of_what_is_done_on_it(class_, phone, errors):
    alice = phone()
    name = alice.get_by_label("Your name")
    name.fill("x" * 34)
    expect(alice.get_by_text("at most 30 characters; this one is 4 too long")).to_be_visible()
    expect(alice.get_by_role("button", name="Enter")).to_be_disabled()
    # Counted as people do: these are eight signs, sixteen for JavaScript.
    name.fill("🙂" * 30)
    expect(alice.get_by_role("button", name="Enter")).to_be_enabled()
    come_in(alice, "Ann")
    ben = phone()
    come_in(ben, "Ann")
    expect(ben.get_by_text("The teacher sees you as Ann (2)")).to_be_visible()
    expect(alice.get_by_text("The teacher sees you as")).to_have_count(0)

    class_.show(button("buzz", "Buzz!"), text("word", "A word", most=10))
    alice.get_by_role("button", name="Buzz!").click()
    expect(alice.get_by_text("✓ Pressed")).to_be_visible()
    alice.get_by_role("button", name="Buzz!").click()
    expect(alice.get_by_text("✓ Pressed 2 times")).to_be_visible()
    alice.get_by_label("A word").fill("x" * 11)
    expect(alice.get_by_text("Too long: 11 of 10 characters.")).to_be_visible()
    alice.get_by_label("A word").press("Enter")
    assert [one for one in class_.answers if one["event"] == "word"] == []
    alice.get_by_label("A word").fill("x" * 9)
    expect(alice.get_by_text("9 of 10 characters")).to_be_visible()
    alice.screenshot(path=PICTURES / "signs.png")
    assert errors == []


@pytest.mark.promise(8)
def test_earlier_results_stand_aside(class_, phone):
    first, second = class_.bars("First"), class_.bars("Second")
    class_.show(choices("one", ["a", "b"], "First?"))
    alice = phone()
    come_in(alice)
    first.update({"a": 1}).reveal()
    open_boards = alice.locator("main > .nbs-board")
    expect(open_boards).to_have_count(1)
    class_.show(choices("two", ["c", "d"], "Second?"))
    expect(open_boards).to_have_count(0)
    earlier = alice.locator("details.earlier")
    expect(earlier.locator("summary")).to_have_text("Earlier results (1)")
    second.update({"c": 1}).reveal()
    expect(open_boards).to_contain_text("Second")
    earlier.locator("summary").click()
    expect(earlier.locator(".nbs-board")).to_contain_text("First")
    alice.screenshot(path=PICTURES / "earlier.png", full_page=True)
    first.reveal()
    expect(open_boards).to_have_count(2)
    expect(earlier).to_have_count(0)


@pytest.mark.promise(8)
def test_without_a_connection_a_long_page_says_so_in_sight(class_, phone):
    class_.show(*(choices(f"q{n}", ["a", "b", "c", "d"], f"Question {n}") for n in range(6)))
    alice = phone()
    come_in(alice)
    alice.mouse.wheel(0, 900)
    alice.context.set_offline(True)
    # A WebSocket that is there lives on in the emulation: the server cuts it.
    class_._server.disconnect_sockets(close=True)
    notice = alice.locator(".notice .loud").first
    expect(notice).to_contain_text("trying again", timeout=40_000)
    box = notice.bounding_box()
    assert 0 <= box["y"] < 100
    alice.screenshot(path=PICTURES / "offline.png")


@pytest.mark.promise(8)
def test_texts_from_right_to_left_do_not_turn_their_neighbours(class_, phone):
    alice = phone()
    come_in(alice, "עדה 1")
    class_.show(
        choices("vote", ["שלום, עולם!", "plain (text)"], "מה נכון?"),
        items("up", [("a", "למה 3 ולא 4?", 12)], "שאלות"),
    )
    class_.bars("תוצאות").update({"שלום, עולם!": 3, "plain (text)": 1}).reveal()
    class_.table("t").update([{"name": "עדה 1", "points": 12}]).reveal()
    expect(alice.locator(".nbs-table td")).to_have_count(2)
    directions = alice.evaluate(
        """() => Object.fromEntries(
          [".who", "h2", ".choice", ".items span", "figcaption", ".nbs-bar-label", "td"].map(
            (one) => [one, getComputedStyle(document.querySelector(one)).direction]))"""
    )
    assert set(directions.values()) == {"rtl"}, directions
    expect(alice.locator(".choice").nth(1)).to_have_css("direction", "ltr")
    # The numbers beside them stay where numbers are.
    label = alice.locator(".nbs-bars li").first.locator(".nbs-bar-label").bounding_box()
    number = alice.locator(".nbs-bars li").first.locator("b").bounding_box()
    assert label["x"] < number["x"]
    alice.screenshot(path=PICTURES / "right-to-left.png", full_page=True)
