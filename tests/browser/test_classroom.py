"""A class in real life: the teacher's panel in JupyterLab, phones at 360 pixels, strangers' texts."""

import json

import pytest
from browser.conftest import ROOT
from playwright.sync_api import expect
from support.payloads import CORPUS

pytestmark = pytest.mark.browser

PICTURES = ROOT / "test-results" / "class"
MODULES = ROOT / "js" / "node_modules"
CELLS = [
    """import nbsocket
from nbsocket.classroom import *
io = nbsocket.Server("phones")
class_ = io.open_class("Networks 101")
class_""",
    """board = class_.bars("Which is longer?")
class_.show(say("Think first."), choices("vote", ["a day on Venus", "a year on Venus"], "Which is longer?"))

@io.on("vote")
def vote(socket, choice):
    board.update(class_.tally("vote"))
board""",
    "board.reveal(); print(class_.answers)",
    """wall_ = class_.wall("Our wall").reveal()
class_.show(text("word", "What is a socket?"), button("buzz", "Buzz!"), toggle("hand", "Raise my hand"),
            items("up", [(1, "Why masks?", 2), (2, "What is an ack?", 0)], "Questions"), wall("stroke", "Draw"))
words = class_.words("Words")

@io.on("stroke")
def stroke(socket, one):
    wall_.add(one)

@io.on("word")
def word(socket, one):
    words.update(class_.tally("word"))

from ipywidgets import VBox
VBox([wall_, words])""",
    "class_.show(choices('quick', ['yes', 'no'], 'Quick!'), seconds=3)",
    "for one in class_.answers: print(one['event'], one['value'], one['name'])",
    "class_.close()",
]


@pytest.fixture
def class_notebook(open_notebook):
    notebook = open_notebook("class.ipynb", CELLS)
    notebook.run(0)
    return notebook


@pytest.fixture
def panel(class_notebook):
    element = class_notebook.page.locator('.nbs-panel[data-panel="phones"]')
    expect(element).to_have_attribute("data-open", "true")
    return element


@pytest.fixture
def phone(chromium, errors, panel, lab):
    """Open a phone at the door."""
    contexts = []

    def open_phone(scheme="light"):
        context = chromium.new_context(
            viewport={"width": 360, "height": 740}, color_scheme=scheme, has_touch=True
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: (errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        code = panel.locator("[data-code]").inner_text().replace(" ", "")
        page.goto(f"{lab.url}nbsocket/phones/join#code={code}")
        return page

    yield open_phone
    for context in contexts:
        context.close()


def come_in(page, name=""):
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Enter").click()
    expect(page.locator("main")).to_have_attribute("data-stage", "class")


def is_narrow(page):
    wide = page.evaluate(
        """() => Array.from(document.querySelectorAll("body *"))
          .filter((part) => part.getBoundingClientRect().right > document.documentElement.clientWidth + 1
            && !part.closest(".nbs-table, .nbs-hidden"))
          .map((part) => part.outerHTML.slice(0, 80))"""
    )
    assert wide == []


def axe(page, selector):
    page.add_script_tag(path=MODULES / "axe-core" / "axe.min.js")
    found = page.evaluate(
        "async (selector) => (await axe.run(selector)).violations"
        ".filter((one) => ['serious', 'critical'].includes(one.impact))"
        ".map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 150)).slice(0, 3)])",
        selector,
    )
    assert found == []


def test_a_class_from_the_door_to_goodbye(class_notebook, panel, phone, errors, lab):
    notebook = class_notebook
    expect(panel.locator(".nbs-reach")).to_contain_text("127.0.0.1 is this computer itself")
    expect(panel.locator(".nbs-reach")).to_contain_text("public_listen")
    expect(panel.locator(".nbs-qr path")).to_have_count(1)
    panel.screenshot(path=PICTURES / "panel.png")
    alice, bob = phone(), phone("dark")
    expect(alice.get_by_label("Your name")).to_be_focused()
    alice.screenshot(path=PICTURES / "phone-name.png")
    come_in(alice, "Alice")
    come_in(bob)
    expect(alice.locator(".who")).to_have_text("Alice")
    expect(bob.locator(".who")).to_have_text("guest 2")
    expect(alice.get_by_text("Wait for the teacher")).to_be_visible()
    expect(panel).to_have_attribute("data-here", "2")
    assert alice.evaluate("origin") == "null"

    notebook.run(1)
    alice.get_by_role("button", name="a day on Venus").click()
    bob.get_by_role("button", name="a year on Venus").click()
    bob.get_by_role("button", name="a day on Venus").click()
    expect(bob.get_by_role("button", name="a day on Venus")).to_have_attribute("aria-pressed", "true")
    board = notebook.page.locator('.nbs-board[data-board="bars"]')
    expect(board).to_contain_text("a day on Venus2")
    expect(alice.locator(".nbs-board")).to_have_count(0)
    alice.screenshot(path=PICTURES / "phone-choices.png")
    out = notebook.run(2)
    assert "'name': 'Alice'" in out
    expect(alice.locator('.nbs-board[data-board="bars"]')).to_contain_text("a day on Venus2")
    bob.screenshot(path=PICTURES / "phone-board-dark.png")
    alice.reload()
    expect(alice.locator(".who")).to_have_text("Alice")
    expect(alice.get_by_role("button", name="a day on Venus")).to_have_attribute("aria-pressed", "true")
    axe(alice, "main")
    axe(bob, "main")

    notebook.run(3)
    expect(alice.locator(".block")).to_have_count(5)
    alice.get_by_label("What is a socket?").fill("a pipe")
    alice.get_by_role("button", name="Send").click()
    alice.get_by_role("button", name="Buzz!").click()
    alice.get_by_role("button", name="Raise my hand").click()
    alice.get_by_role("button", name="Vote for “Why masks?”").click()
    expect(alice.get_by_role("button", name="Vote for “Why masks?”")).to_be_disabled()
    canvas = alice.locator("canvas.draw")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    alice.mouse.move(box["x"] + 20, box["y"] + 20)
    alice.mouse.down()
    alice.mouse.move(box["x"] + 200, box["y"] + 150, steps=15)
    alice.mouse.up()
    drawn = notebook.page.locator('.nbs-board[data-board="wall"] canvas')
    expect(drawn).to_have_attribute("data-strokes", "1")
    expect(notebook.page.locator('.nbs-board[data-board="words"]')).to_contain_text("a pipe")
    for page, name in ((alice, "light"), (bob, "dark")):
        is_narrow(page)
        page.screenshot(path=PICTURES / f"phone-all-{name}.png", full_page=True)
    axe(bob, "main")
    said = notebook.run(5)
    for line in ("word a pipe Alice", "buzz 1 Alice", "hand True Alice", "up 1 Alice", "stroke {"):
        assert line in said

    notebook.run(4)
    expect(alice.get_by_role("timer")).to_be_visible()
    alice.get_by_role("button", name="yes").click()
    expect(alice.get_by_role("button", name="yes")).to_be_disabled(timeout=6000)
    expect(alice.get_by_text("No more answers are being taken.")).to_be_visible()

    notebook.scroll_to(0)
    panel.screenshot(path=PICTURES / "panel-people.png")
    axe(notebook.page, ".nbs-panel")
    forget = panel.locator('[data-action="reset"]')
    forget.click()
    expect(forget).to_have_text("Really forget them?")
    expect(panel).not_to_have_attribute("data-answers", "0")
    forget.click()
    expect(panel).to_have_attribute("data-answers", "0")
    expect(alice.get_by_role("button", name="yes")).to_have_attribute("aria-pressed", "false")
    panel.get_by_role("button", name="Mute guest 2").click()
    expect(bob.get_by_text("The teacher has muted you.")).to_be_visible()
    panel.get_by_role("button", name="Remove guest 2").click()
    expect(bob.get_by_text("The teacher has removed you from this class.")).to_be_visible()
    bob.reload()
    expect(bob.get_by_text("The teacher has removed you from this class.")).to_be_visible()
    bob.screenshot(path=PICTURES / "phone-removed.png")

    code = panel.locator("[data-code]").inner_text().replace(" ", "")
    notebook.save()
    text = notebook.path.read_text()
    assert code not in text
    assert "Alice" not in json.dumps(json.loads(text).get("metadata", {}).get("widgets", {}))
    notebook.run(6)
    expect(alice.get_by_text("The class is over.")).to_be_visible()
    expect(panel).to_have_attribute("data-open", "false")
    expect(panel.locator("[data-code]")).to_have_count(0)
    assert lab.log.read_text().count(code) == 0
    assert errors == []


def test_a_phone_comes_back_after_the_kernel_was_restarted(class_notebook, panel, phone):
    alice = phone()
    come_in(alice, "Alice")
    class_notebook.restart_kernel()
    expect(alice.locator("main")).to_have_attribute("data-stage", "again")
    expect(alice.get_by_text("trying again")).to_be_visible()
    alice.screenshot(path=PICTURES / "phone-again.png")
    class_notebook.wait_ready()
    class_notebook.run(0)
    expect(alice.locator("main")).to_have_attribute("data-stage", "class", timeout=30_000)
    expect(alice.locator(".who")).to_have_text("Alice")


@pytest.mark.threat(7)
def test_names_and_texts_of_strangers_are_text(class_notebook, panel, phone, errors):
    notebook = class_notebook
    evil = "<img src=x onerror=__ran=1>"
    alice = phone()
    come_in(alice, evil)
    notebook.run(3)
    notebook.page.evaluate(
        """([index, text]) => window.jupyterapp.shell.currentWidget.content.model.cells.get(index)
           .sharedModel.setSource(text)""",
        [
            2,
            (
                f"import json\nHOSTILE = [one[:100] for one in json.loads({json.dumps(json.dumps(CORPUS))})]\n"
                "class_.bars('b' + HOSTILE[0]).update({one: 1 for one in HOSTILE}).reveal()\n"
                "class_.words('w').update({one: 1 for one in HOSTILE}).reveal()\n"
                "class_.table('t').update([{one: one} for one in HOSTILE[:20]]).reveal()\n"
                "class_.show(say(HOSTILE[1]), choices('c', list(dict.fromkeys(HOSTILE))[:40], HOSTILE[2]),\n"
                "  items('i', [(n, one, 1) for n, one in enumerate(HOSTILE)], HOSTILE[3]), button('b', HOSTILE[4]))\n"
                "VBox([class_.bars('b' + HOSTILE[0]), class_.words('w'), class_.table('t')])"
            ),
        ],
    )
    notebook.run(2)
    expect(alice.locator('.nbs-board[data-board="table"]')).to_be_visible()
    expect(notebook.page.locator('.nbs-board[data-board="table"]')).to_be_visible()
    expect(panel.locator("[data-person]")).to_have_count(1)
    forbidden = "img, script, iframe, object, embed, link, meta, base, video, audio, a"
    assert alice.locator("main").locator(forbidden).count() == 0
    assert notebook.page.locator(".nbs-board").locator(forbidden).count() == 0
    assert panel.locator(forbidden).count() == 0
    for page in (alice, notebook.page):
        assert page.evaluate("window.__ran") is None
    is_narrow(alice)
    assert errors == []
