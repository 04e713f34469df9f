"""The wire view: live in JupyterLab and Notebook 7, under a flood, exported, saved, hostile, by keyboard."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from browser.conftest import ROOT
from jsonschema import Draft6Validator, ValidationError
from playwright.sync_api import expect
from referencing import Registry, Resource
from support.jupyter import TOKEN
from support.lab import THEMES, change_theme, has_seen, has_upgraded, painted
from support.payloads import CORPUS

PICTURES = ROOT / "test-results"
MODULES = ROOT / "js" / "node_modules"
SERVER = """
import nbsocket, threading, time
io = nbsocket.Server("wire-test")

@io.on("echo")
def echo(socket, *args):
    return args

enough = threading.Event()

def two_ways(every):
    def run():
        while not enough.wait(every):
            io.emit("tick", time.time())
    threading.Thread(target=run).start()
"""
CELLS = [
    SERVER,
    "io.wire()",
    'io.pane("alice")',
    "two_ways(0.002)",
    "for n in range(20_000):\n    io.emit('n', n)",
    "until = time.monotonic() + 2\nwhile time.monotonic() < until: pass",
    "enough.set()",
]


# How much of each line is painted in the canvas: dashes have gaps.
IS_DRAWN = """(canvas, arrows) => {
  const ratio = canvas.width / canvas.clientWidth;
  const context = canvas.getContext("2d");
  const isPainted = (x, y) => {
    const { data } = context.getImageData(Math.round((x - 1) * ratio), Math.round((y - 1) * ratio), 3, 3);
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, alpha] = data.slice(at, at + 4);
      if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 30) return true;
    }
    return false;
  };
  return arrows.map(([x1, y1, x2, y2]) => {
    const points = Array.from({ length: 41 }, (_, index) => index / 40)
      .map((at) => [x1 + at * (x2 - x1), y1 + at * (y2 - y1)])
      .filter(([, y]) => y > 22 && y < canvas.clientHeight);
    if (points.length < 5) return 1;
    return points.filter(([x, y]) => isPainted(x, y)).length / points.length;
  });
}"""


def har_validator():
    """HAR 1.2 as its JSON schema says."""
    schemas = [json.loads(path.read_text()) for path in (MODULES / "har-schema" / "lib").glob("*.json")]
    registry = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in schemas)
    (whole,) = [one for one in schemas if one["$id"] == "har.json#"]
    validator = Draft6Validator(whole, registry=registry)
    with pytest.raises(ValidationError):
        validator.validate({"log": {"version": "1.2", "entries": []}})
    return validator


class WireView:
    """A wire view as a person uses it."""

    def __init__(self, page):
        self.page = page
        self.element = page.locator('.nbs-wire[data-wire="wire-test"]')

    def is_live(self):
        expect(self.element).to_have_attribute("data-state", "live", timeout=20_000)

    def count(self, name):
        return int(self.element.get_attribute(f"data-{name}"))

    def rows(self, event):
        return self.element.locator(f'tbody tr[data-event="{event}"]')

    def press(self, action):
        self.element.locator(f'[data-action="{action}"]').click()

    def choose(self, field, value):
        self.element.locator(f'[data-field="{field}"]').select_option(value)

    def saved_when(self, is_so):
        """Return what JSON has of it, once that is so."""
        for _ in range(100):
            made = json.loads(self.save("json"))
            if is_so(made):
                return made
            self.page.wait_for_timeout(100)
        raise AssertionError("it did not come about", made)

    def save(self, kind):
        with self.page.expect_download() as download:
            self.choose("export", kind)
        return Path(download.value.path()).read_text()


@pytest.fixture
def notebook(open_notebook):
    opened = open_notebook("wire.ipynb", CELLS)
    opened.run(0)
    opened.run(1)
    opened.run(2)
    opened.pane("alice").has_state("connected")
    return opened


@pytest.fixture
def wire(notebook):
    view = WireView(notebook.page)
    view.is_live()
    return view


def ask(notebook, text):
    alice = notebook.pane("alice")
    alice.fill("echo", json.dumps(text))
    alice.ask()
    alice.emit()
    expect(alice.rows("out", "echo").last).to_have_attribute("data-ack", "answered")


def speak_both_ways(notebook, wire):
    """Emit as alice while the server emits without an end, until 2 have crossed; return how often she did."""
    notebook.run(3)
    alice = notebook.pane("alice")
    alice.fill("echo", '"meanwhile"')
    until = time.monotonic() + 60
    emits = 0
    while wire.count("crossings") < 2 and time.monotonic() < until:
        alice.emit()
        emits += 1
    notebook.run(6)
    assert wire.count("crossings") >= 2
    return emits


def test_questions_and_answers_do_not_cross_and_two_ways_do(notebook, wire, errors, figure):
    for number in range(10):
        ask(notebook, number)
    expect(wire.rows("echo")).to_have_count(10)
    # Ten events and ten answers: what crossed is counted with them.
    has_seen(notebook.page, 20)
    assert wire.count("crossings") == 0
    emits = speak_both_ways(notebook, wire)
    wire.element.screenshot(path=PICTURES / "wire-live.png")
    assert errors == []
    figure(
        f"10 questions: 0 crossings; {emits} emits against 500 events a second: {wire.count('crossings')}"
    )


def test_an_arrow_leaves_its_client_before_it_reaches_the_kernel(notebook, wire):
    ask(notebook, "times")
    expect(wire.rows("echo")).to_have_count(1)
    # Cells are among what the kernel did, too.
    made = wire.saved_when(lambda made: any(run["what"] == "echo" and run["end"] for run in made["kernel"]))
    (question,) = [row for row in made["rows"] if row.get("event") == "echo"]
    assert question["client"] == "alice"
    times = [question["client_at"], question["server_at"], question["kernel_at"]]
    rounding_ms = 0.01
    assert times[0] <= times[1] + rounding_ms
    assert times[1] <= times[2]
    assert times[2] - times[0] < 2000
    (run,) = [run for run in made["kernel"] if run["what"] == "echo"]
    assert times[2] <= run["begin"] <= run["end"]


def test_it_goes_on_while_a_cell_is_busy(notebook, wire):
    notebook.begin(5)
    expect(wire.element.locator("[data-words]")).to_contain_text("a cell is busy")
    ask(notebook, "meanwhile")
    expect(wire.rows("echo")).to_have_count(1)
    assert notebook.is_running(5)
    wire.element.screenshot(path=PICTURES / "wire-busy.png")
    notebook.wait_end(5)
    expect(wire.element.locator("[data-words]")).not_to_contain_text("a cell is busy")


def test_a_flood_is_shown_in_part_and_counted_whole(notebook, wire, errors):
    notebook.run(4)
    alice = notebook.pane("alice")
    expect(alice.element).to_have_attribute("data-received", "20000", timeout=30_000)
    has_seen(notebook.page, 20_000)
    wire.press("pause")
    told = wire.element.locator("[data-count='seen']")
    expect(told).not_to_have_text("0")
    seen, left_out = wire.count("seen"), wire.count("left-out")
    assert seen >= 20_000
    assert 0 < left_out < seen
    made = json.loads(wire.save("json"))
    packets = [row for row in made["rows"] if "raw" in row]
    assert len(packets) == seen - left_out
    assert wire.element.locator("tbody tr").count() <= 200
    wire.element.screenshot(path=PICTURES / "wire-flooded.png")
    assert errors == []


@pytest.mark.promise(9)
def test_rows_that_crossed_are_found_after_a_flood(notebook, wire, errors):
    alice = notebook.pane("alice")
    speak_both_ways(notebook, wire)
    notebook.run(4)
    expect(alice.element).to_have_attribute("data-received", re.compile(r"2\d{4}"), timeout=30_000)
    rows = wire.element.locator("tbody tr")
    crossed = rows.filter(has=notebook.page.locator(".nbs-crossed"))
    expect(crossed).to_have_count(0)
    wire.element.locator("canvas").scroll_into_view_if_needed()
    wire.element.screenshot(path=PICTURES / "wire-bands.png")
    wire.element.get_by_role("button", name="Show their rows").click()
    expect(crossed.first).to_be_visible()
    assert crossed.count() == rows.count() > 2
    crossed.first.get_by_role("button").click()
    xray = wire.element.locator(".nbs-xray")
    expect(xray).to_be_in_viewport(ratio=0.9)
    expect(wire.element.locator("[data-words]")).to_contain_text("Paused")
    wire.element.screenshot(path=PICTURES / "wire-crossed.png")
    wire.element.get_by_role("button", name="Show all rows").click()
    expect(wire.element.locator('[data-field="kind"]')).to_have_value("")
    assert errors == []


@pytest.mark.promise(9)
def test_where_a_page_may_not_copy_it_offers_the_text(notebook, wire):
    ask(notebook, "copied")
    # As in a page without TLS that is not this computer's own.
    notebook.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    wire.rows("echo").get_by_role("button").click()
    xray = wire.element.locator(".nbs-xray")
    xray.locator('[data-action="copy"]').click()
    field = xray.locator('[data-field="to-copy"]')
    expect(field).to_be_focused()
    chosen = field.evaluate("(one) => one.value.slice(one.selectionStart, one.selectionEnd)")
    assert re.fullmatch(r'42\d+\["echo","copied"\]', chosen)
    expect(xray.get_by_text("press Ctrl+C")).to_be_visible()


def test_filters_pause_and_scrub(notebook, wire):
    for number in range(3):
        ask(notebook, number)
    expect(wire.rows("echo")).to_have_count(3)
    rows = wire.element.locator("tbody tr")
    wire.choose("kind", "ACK")
    expect(rows).to_have_count(3)
    wire.choose("direction", "in")
    expect(wire.element.locator(".nbs-empty")).to_have_text("Nothing matches.")
    wire.choose("kind", "")
    wire.choose("direction", "")
    wire.element.get_by_role("searchbox", name="Filter the packets").fill("echo")
    expect(rows).to_have_count(3)
    wire.element.get_by_role("searchbox", name="Filter the packets").fill("")
    wire.press("pause")
    seen = wire.count("seen")
    ask(notebook, "after the pause")
    # It is counted all the same.
    has_seen(notebook.page, seen + 2)
    expect(wire.rows("echo")).to_have_count(3)
    scrub = wire.element.locator('[data-field="scrub"]')
    expect(scrub).to_be_enabled()
    scrub.focus()
    notebook.page.keyboard.press("Home")
    assert int(scrub.input_value()) < 0
    wire.press("pause")
    expect(wire.rows("echo")).to_have_count(4)
    before = wire.element.locator("[data-span]").inner_text()
    wire.press("closer")
    assert wire.element.locator("[data-span]").inner_text() != before


def test_the_xray_explains_and_sends_what_one_changes(notebook, wire, errors):
    ask(notebook, "look")
    wire.rows("echo").get_by_role("button").click()
    xray = wire.element.locator(".nbs-xray")
    fields = xray.locator(".nbs-bytefield")
    kinds = fields.evaluate_all("(all) => all.map((one) => one.dataset.kind)")
    assert kinds == ["frame", "length", "mask", "engine", "socket", "ack", "json"]
    fields.nth(2).hover()
    expect(xray.locator(".nbs-explained")).to_contain_text("masking key")
    expect(xray.locator(".nbs-explained")).to_contain_text("section 5.3")
    wire.element.screenshot(path=PICTURES / "wire-xray.png")
    raw = xray.locator('[data-field="raw"]')
    assert raw.input_value().startswith("42")
    raw.fill('427["echo","changed"]')
    xray.locator('[data-action="attempt"]').click()
    heard = xray.locator(".nbs-heard")
    expect(heard).to_contain_text('437["changed"]')
    expect(heard).to_contain_text("the server accepted it")
    expect(xray.locator('[data-action="attempt"]')).to_be_enabled(timeout=10_000)
    raw.fill("42[broken")
    xray.locator('[data-action="attempt"]').click()
    expect(heard).to_contain_text("The server rejected it")
    assert errors == []


def test_what_is_exported_is_what_other_tools_read(notebook, wire, context):
    ask(notebook, "exported")
    expect(wire.rows("echo")).to_have_count(1)
    wire.choose("kind", "ACK")
    expect(wire.element.locator("tbody tr")).to_have_count(1)
    wire.choose("kind", "")
    made = json.loads(wire.save("har"))
    har_validator().validate(made)
    har = made["log"]
    assert har["version"] == "1.2"
    sent = [
        message["data"]
        for entry in har["entries"]
        for message in entry.get("_webSocketMessages", [])
        if message["type"] == "send"
    ]
    assert any(re.fullmatch(r'42\d*\["echo","exported"\]', one) for one in sent)
    wire.press("pause")
    painted(notebook.page)
    svg = wire.save("svg")
    mermaid = wire.save("mermaid")
    page = context.new_page()
    page.set_content(svg)
    assert page.locator("svg line.in").count() > 0
    canvas = wire.element.locator("canvas")
    drawn_as = canvas.evaluate("(one) => [one.clientWidth, one.clientHeight]")
    assert (
        page.locator("svg").evaluate("(one) => [one.width, one.height].map((x) => x.baseVal.value)")
        == drawn_as
    )
    # Each arrow of the SVG stands in the canvas: a point on it has the colour of its direction.
    arrows = page.locator("svg line.in, svg line.out").evaluate_all(
        "(all) => all.map((one) => ['x1', 'y1', 'x2', 'y2'].map((name) => Number(one.getAttribute(name))))"
    )
    shares = canvas.evaluate(IS_DRAWN, arrows)
    assert min(shares) > 0.2, shares
    page.set_content("<div id=out></div>")
    page.add_script_tag(path=MODULES / "mermaid" / "dist" / "mermaid.min.js")
    drawn = page.evaluate("async (text) => (await mermaid.render('drawn', text)).svg", mermaid)
    assert "echo" in drawn
    assert "alice" in drawn


@pytest.mark.threat(10)
def test_a_saved_notebook_shows_it_without_a_kernel_and_holds_no_secret(notebook, wire, lab, context):
    ask(notebook, "kept in the notebook")
    pictures = notebook.page.locator(".jp-OutputArea-output div[class^=nbs-saved-]")
    picture = pictures.first
    expect(pictures.nth(1)).to_contain_text("kept in the notebook", timeout=15_000)
    expect(picture).to_contain_text("kept in the notebook", timeout=15_000)
    expect(picture).to_be_hidden()
    # All tickets begin alike: Base64 of what Tornado puts first.
    start = lab.ticket("wire-test", "owner")[:12]
    notebook.save()
    text = notebook.path.read_text()
    for secret in (start, "join_token=M", TOKEN):
        assert secret not in text
    assert not re.search(r'"sid\\*":\\*"[A-Za-z0-9_-]{16,}', text)
    out = notebook.path.with_suffix(".html")
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", notebook.path, "--output", out], check=True
    )
    assert start not in out.read_text()
    assert TOKEN not in out.read_text()
    page = context.new_page()
    page.route("http*://**", lambda route: route.abort())
    page.goto(out.as_uri())
    saved = page.locator("div[class^=nbs-saved-]")
    expect(saved.first).to_contain_text("kept in the notebook")
    assert saved.first.locator("svg line.arrow").count() >= 4
    expect(saved.first.locator("svg")).to_contain_text("alice")
    expect(saved.nth(1)).to_contain_text("Client alice")
    expect(saved.nth(1)).to_contain_text("kept in the notebook")
    saved.first.screenshot(path=PICTURES / "wire-saved.png")


@pytest.mark.threat(7)
def test_hostile_data_is_text(notebook, wire, errors):
    page = notebook.page
    page.evaluate(
        """([index, text]) => window.jupyterapp.shell.currentWidget.content.model.cells.get(index)
           .sharedModel.setSource(text)""",
        [
            4,
            (
                f"import json\nHOSTILE = json.loads({json.dumps(json.dumps(CORPUS))})\n"
                "for one in HOSTILE:\n    io.emit(one[:200], one, {one: one}); time.sleep(0.002)\n"
                "io.emit('end')"
            ),
        ],
    )
    notebook.run(4)
    expect(wire.rows("end")).to_have_count(1)
    buttons = wire.element.locator("tbody button")
    for index in range(0, buttons.count(), 4):
        buttons.nth(index).click()
    forbidden = "img, script, svg, a, iframe, object, embed, style, link, meta, base, video, audio"
    assert wire.element.locator(forbidden).count() == 0
    wire.press("pause")
    svg = wire.save("svg")
    assert "<script" not in svg
    assert page.evaluate("window.__ran") is None
    assert errors == []


@pytest.mark.usefixtures("context")
def test_who_uses_no_mouse_and_no_eyes_can_use_it(notebook, wire, figure):
    ask(notebook, "axe")
    wire.rows("echo").get_by_role("button").focus()
    notebook.page.keyboard.press("Enter")
    expect(wire.element.locator(".nbs-xray")).to_be_visible()
    page = notebook.page
    page.add_script_tag(path=MODULES / "axe-core" / "axe.min.js")
    for theme in THEMES:
        change_theme(page, theme)
        for selector in (".nbs-wire", ".nbs-pane"):
            found = page.evaluate(
                "async (selector) => (await axe.run(selector)).violations"
                ".filter((one) => ['serious', 'critical'].includes(one.impact))"
                ".map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 150)).slice(0, 3)])",
                selector,
            )
            assert found == [], theme
        wire.element.screenshot(path=PICTURES / f"wire-{theme.split()[-1].lower()}.png")
    figure("axe-core: no serious finding, light and dark, wire view and pane")


def pictures(page, element, state):
    """Leave a picture of an element in both themes, for people to look at."""
    shown = page.evaluate("document.body.dataset.jpThemeName")
    for theme in sorted(THEMES, key=lambda one: one != shown):
        if theme != shown:
            change_theme(page, theme)
        element.screenshot(path=PICTURES / "states" / f"{state}-{theme.split()[-1].lower()}.png")


@pytest.mark.usefixtures("context")
def test_its_states(page, open_notebook):
    """Every state says in words what is the matter and what to do; each leaves its picture."""
    door = ["open"]

    def wire_door(socket):
        if door[0] == "open":
            socket.connect_to_server()
        elif door[0] == "refusing":
            socket.close()

    # Playwright takes WebSockets only of pages that load after it was told.
    page.route_web_socket(re.compile(r"/wire(\?|$)"), wire_door)
    notebook = open_notebook("states.ipynb", CELLS)
    for index in range(3):
        notebook.run(index)
    wire, alice = WireView(page), notebook.pane("alice")
    wire.is_live()
    alice.has_state("connected")
    words = wire.element.locator("[data-words]")

    def both(state):
        pictures(page, wire.element, f"wire-{state}")
        pictures(page, alice.element, f"pane-{state}")

    has_upgraded(page, "wire-test")
    wire.press("clear")
    alice.press("clear")
    expect(wire.element.locator(".nbs-empty")).to_have_text("Nothing has gone over the wire yet.")
    both("empty")
    for number in range(3):
        ask(notebook, number)
    both("live")
    wire.press("pause")
    expect(words).to_have_text("Paused; packets are still counted")
    pictures(page, wire.element, "wire-paused")
    wire.press("pause")
    notebook.run(4)
    expect(alice.element).to_have_attribute("data-received", "20000", timeout=30_000)
    both("flooded")
    alice.press("disconnect")
    alice.has_state("disconnected")
    pictures(page, alice.element, "pane-disconnected")

    # The server refuses, then it does not answer, then it takes its time.
    refusal = {
        "status": 403,
        "json": {"message": "Forbidden: log in again."},
        "headers": {"X-Nbsocket": "1"},
    }
    page.route("**/nbsocket/api/**", lambda route: route.fulfill(**refusal))
    door[0] = "refusing"
    alice.press("connect")
    alice.has_state("error")
    expect(alice.element).to_contain_text("log in again")
    notebook.run(1)
    expect(wire.element).to_have_attribute("data-state", "error")
    expect(words).to_contain_text("log in again")
    both("error")
    page.unroute("**/nbsocket/api/**")
    page.route("**/nbsocket/api/**", lambda route: route.abort())
    expect(wire.element).to_have_attribute("data-state", "reconnecting")
    expect(words).to_contain_text("does not answer")
    alice.has_state("reconnecting")
    both("unreachable")
    page.unroute("**/nbsocket/api/**")
    door[0] = "silent"
    notebook.run(1)
    expect(wire.element).to_have_attribute("data-state", "connecting")
    pictures(page, wire.element, "wire-connecting")
    held = []
    page.route("**/tickets", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks its handlers
    alice.press("disconnect")
    alice.press("connect")
    alice.has_state("connecting")
    pictures(page, alice.element, "pane-connecting")
    # What was held goes on.
    page.unroute_all(behavior="ignoreErrors")
    alice.has_state("connected")

    door[0] = "open"
    notebook.run(1)
    wire.is_live()
    notebook.restart_kernel()
    expect(wire.element).to_have_attribute("data-state", "waiting")
    expect(words).to_contain_text("Run the cell that creates the server")
    alice.has_state("waiting")
    both("kernel-dead")
    notebook.wait_ready()
    notebook.run(0)
    wire.is_live()
    alice.has_state("connected")


@pytest.mark.usefixtures("context")
def test_on_a_phone(notebook, wire):
    ask(notebook, "narrow")
    notebook.page.set_viewport_size({"width": 360, "height": 740})
    notebook.page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    notebook.page.wait_for_function(
        "document.querySelector('.nbs-wire').getBoundingClientRect().width <= 360"
    )
    painted(notebook.page)
    box = wire.element.bounding_box()
    assert box["width"] <= 360
    wire.element.screenshot(path=PICTURES / "wire-narrow.png")
    wide = wire.element.evaluate(
        """(one) => Array.from(one.querySelectorAll("*"))
          .filter((part) => part.getBoundingClientRect().right > one.getBoundingClientRect().right + 1
            && !part.closest(".nbs-table, .nbs-hidden"))
          .map((part) => part.outerHTML.slice(0, 80))"""
    )
    assert wide == []
