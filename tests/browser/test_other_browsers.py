"""Chromium, Firefox and WebKit: a phone at a class, and a notebook in JupyterLab; light and dark, with pictures."""

import time

import nbformat
import pytest
from browser.conftest import ROOT
from support.browsers import BROWSERS
from support.jupyter import TOKEN

import nbsocket
from nbsocket.classroom import button, choices, text, wall

pytestmark = [pytest.mark.browser, pytest.mark.promise(10)]

PICTURES = ROOT / "test-results" / "browsers"
SERVER = """import nbsocket

io = nbsocket.Server("browsers")

@io.on("say")
def say(socket, text):
    return {"you said": text, "at": {"deep": [1, 2, {"three": "שלום, 4"}]}, "more": "x" * 60}
"""
CELLS = [SERVER, 'io.pane("alice")', "io.wire()", "class_ = io.open_class('Networks 101'); class_"]
CONTENT = "window.jupyterapp.shell.currentWidget.content"
KERNEL = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status"


@pytest.fixture(params=BROWSERS, ids=lambda one: one.name, scope="module")
def kind(request):
    if not request.param.is_here():
        pytest.skip(f"this machine has no {request.param.name}: scripts/browsers.sh installs it on Debian")
    return request.param


@pytest.fixture(params=["light", "dark"], scope="module")
def browser(kind, request, tmp_path_factory, chromium):
    PICTURES.mkdir(parents=True, exist_ok=True)
    with kind(request.param, tmp_path_factory.mktemp(kind.name), chromium) as browser:
        yield browser


@pytest.fixture
def lab_alone(lab, desk):
    """JupyterLab, whose kernels end with the test."""
    yield lab
    desk.shut_kernels_down()


def test_a_phone_in_a_class(browser):
    server = nbsocket.Server("phones", port=0)
    try:
        class_ = server.open_class("Networks 101")
        browser.resize(460, 900)
        browser.go(class_.link)
        browser.see("label", "Your name")
        assert browser.js("return matchMedia('(prefers-color-scheme: dark)').matches") == (
            browser.scheme == "dark"
        )
        browser.type("#name", "Alice")
        browser.picture(PICTURES / f"{browser.name}-{browser.scheme}-name.png")
        browser.click("button[type=submit]")
        browser.see(".who", "Alice")
        chart = class_.bars("Which?")
        class_.show(
            choices("vote", ["one", "two"], "Which?"), text("word"), button("buzz", "Buzz!"), wall("stroke")
        )
        browser.see("button.push")
        browser.click("fieldset button:nth-of-type(2)")
        browser.click("button.push")
        browser.see("main", "✓ Pressed")
        browser.type(".block[data-block=text] input", "pipe")
        browser.click(".block[data-block=text] button")
        browser.see("main", "1 sent")
        chart.update(class_.tally("vote")).reveal()
        browser.see(".nbs-bars li:nth-child(2) b", "1")
        assert {one["event"]: one["value"] for one in class_.answers} == {
            "vote": "two",
            "buzz": 1,
            "word": "pipe",
        }
        colors = browser.js(
            "return [...document.querySelectorAll('button.push, .nbs-bar > span')]"
            ".map((one) => getComputedStyle(one).backgroundColor)"
        )
        accent = "rgb(130, 184, 255)" if browser.scheme == "dark" else "rgb(21, 101, 192)"
        assert colors == [accent] * 3
        browser.js("document.querySelector('.nbs-board').scrollIntoView({block: 'end'})")
        browser.picture(PICTURES / f"{browser.name}-{browser.scheme}-class.png")
        # A reload is not a newcomer.
        browser.js("window.before = true; location.reload()")
        browser.wait("!window.before && document.querySelector('.who')?.textContent === 'Alice'")
        assert [person.name for person in class_.people] == ["Alice"]
    finally:
        server.close()


def test_a_notebook_in_jupyterlab(browser, lab_alone):
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    name = f"in-{browser.name}-{browser.scheme}.ipynb"
    nbformat.write(made, lab_alone.root / name)
    browser.resize(1280, 1500)
    browser.go(f"{lab_alone.url}lab/tree/{name}?reset&token={TOKEN}")
    browser.wait(f"{KERNEL} === 'idle'", seconds=90)
    theme = f"JupyterLab {browser.scheme.title()}"
    browser.js("window.jupyterapp.commands.execute('apputils:change-theme', {theme: arguments[0]})", theme)
    browser.wait(f"document.body.dataset.jpThemeLight === '{str(browser.scheme == 'light').lower()}'")
    browser.js(
        "window.jupyterapp.commands.execute('application:toggle-left-area');"
        "window.jupyterapp.commands.execute('notebook:run-all-cells')"
    )
    pane = ".nbs-pane[data-pane=alice]"
    browser.see(f"{pane} [data-words]", "Connected")
    browser.see(".nbs-panel [data-code]")
    browser.js(f"{CONTENT}.scrollToItem(1, 'start')")
    field = f"{pane} [data-field=argument]"
    before = browser.js("return document.querySelector(arguments[0]).offsetHeight", field)
    browser.js("document.querySelector(arguments[0]).focus()", field)
    browser.js(
        """const field = document.querySelector(arguments[0]);
        const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
        set.call(field, '{"a": 1,\\n "b": 2,\\n "c": 3}');
        field.dispatchEvent(new Event("input", {bubbles: true}));""",
        field,
    )
    browser.wait("document.querySelector(arguments[0]).offsetHeight > arguments[1] * 1.6", field, before)
    browser.js(
        """const field = document.querySelector(arguments[0]);
        const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
        set.call(field, "say");
        field.dispatchEvent(new Event("input", {bubbles: true}));""",
        f"{pane} [data-field=event]",
    )
    browser.click(f"{pane} [data-field=ask]")
    browser.click(f"{pane} [data-action=emit]")
    browser.see(f"{pane} .nbs-ack", "acknowledged")
    browser.see(f"{pane} .nbs-ack bdi", "שלום, 4")
    browser.picture(PICTURES / f"{browser.name}-{browser.scheme}-pane.png")
    browser.js(f"{CONTENT}.scrollToItem(2, 'start')")
    browser.see(".nbs-wire tr[data-event=say]")
    browser.js("document.querySelector('.nbs-wire tr[data-event=say] button').click()")
    browser.see(".nbs-xray .nbs-explained")
    assert (
        browser.js(
            """const canvas = document.querySelector(".nbs-wire canvas");
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size"""
        )
        > 3
    ), "the ladder is drawn"
    time.sleep(0.5)
    browser.picture(PICTURES / f"{browser.name}-{browser.scheme}-wire.png")
    browser.js(f"{CONTENT}.scrollToItem(3, 'start')")
    time.sleep(0.5)
    browser.picture(PICTURES / f"{browser.name}-{browser.scheme}-panel.png")
    wide = browser.js(
        """return [...document.querySelectorAll(".nbs *")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest(".nbs-table, .nbs-log"))
          .map((one) => one.outerHTML.slice(0, 100))"""
    )
    assert wide == []
