"""Takes the pictures of the documentation from the real thing: ``.venv/bin/python docs/screenshots.py``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.chromium import OPTIONS, chromium_path
from support.jupyter import TOKEN, JupyterProcess
from support.lab import Notebook

IMAGES = ROOT / "docs" / "images"
SERVER = """
import nbsocket

io = nbsocket.Server("chat")


@io.on("connection")
def connected(socket):
    print("a new user:", socket.id)
    socket.emit("newMessage", {"from": "the server", "text": "Welcome!"})

    @socket.on("say")
    def say(text):
        print("somebody says:", text)
        socket.broadcast.emit("said", text)
        return "passed on"
"""
PANES = """
from ipywidgets import HBox

HBox([io.pane("alice"), io.pane("bob")])
"""
CHAT = [SERVER.strip(), PANES.strip()]
WIRE = [
    """
import nbsocket, threading, time

io = nbsocket.Server("wire")

@io.on("say")
def say(socket, text):
    return f"you said {text!r}"
""",
    "io.wire()",
    'io.pane("alice")',
    "for number in range(400):\n    io.emit('tick', number)\n    time.sleep(0.01)",
]
BENCH = [
    """
import nbsocket

io = nbsocket.Server("bench")
bench = io.duplex_bench(lambda number: {"rain": number % 9}, rate=4, seed=3)
bench
""",
    "bench.start()",
]
CLASS = [
    """
import nbsocket
from nbsocket.classroom import choices

io = nbsocket.Server("class")
class_ = io.open_class("Networks 101")
class_
""",
    """
chart = class_.bars("Which is longer?").reveal()
class_.show(choices("vote", ["a day on Venus", "a year on Venus"], "Which is longer?"))

@io.on("vote")
def vote(socket, choice):
    chart.update(class_.tally("vote"))

chart
""",
    """
from nbsocket.testing import Client
ticket = io.ticket().value
for number, name in enumerate(("Ada", "Ben", "Cleo", "Dan", "Eve")):
    student = Client(io, name, ticket=ticket, auth={"class": True, "name": name})
    student.call("vote", ["a day on Venus", "a year on Venus"][number % 3 > 0])
""",
]


class Studio:
    """JupyterLab, and a browser that looks at it."""

    def __init__(self, root: Path, lab: JupyterProcess, browser: Any) -> None:
        """Begin with an empty folder."""
        self.root, self.lab, self.browser = root, lab, browser

    def open(self, name: str, cells: list[str]) -> Notebook:
        """Open a notebook made of these cells."""
        made = nbformat.v4.new_notebook()
        made.cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in cells]
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, self.root / f"{name}.ipynb")
        page = self.browser.new_page(viewport={"width": 1240, "height": 1130})
        page.goto(f"{self.lab.url}lab/tree/{name}.ipynb?reset&token={TOKEN}")
        notebook = Notebook(page, self.root / f"{name}.ipynb")
        notebook.wait_ready()
        page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
        return notebook

    def chat(self) -> None:
        """Two panes that talk, in both themes."""
        notebook = self.open("chat", CHAT)
        page = notebook.page
        notebook.run(0)
        notebook.run(1)
        alice, bob = notebook.pane("alice"), notebook.pane("bob")
        alice.has_state("connected")
        bob.has_state("connected")
        alice.fill("say", '"Can you hear me?"')
        alice.ask()
        alice.emit()
        expect(alice.rows("out", "say")).to_have_attribute("data-ack", "answered")
        bob.fill("say", '"Loud and clear."')
        bob.emit()
        expect(alice.rows("in", "said")).to_be_visible()
        expect(alice.rows("print", "say")).to_be_visible()
        notebook.wait_output(0, "Loud and clear.")
        for theme, file in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
            page.evaluate(
                "async (theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
                theme,
            )
            page.wait_for_selector(f'body[data-jp-theme-name="{theme}"]', state="attached")
            page.wait_for_selector("#jupyterlab-splash", state="detached")
            notebook.scroll_to(0)
            page.locator(".jp-NotebookPanel-notebook").screenshot(path=IMAGES / f"{file}.png")
        page.close()

    def wire(self) -> None:
        """A wire view with crossings, paused, a message under the X-ray."""
        notebook = self.open("wire", WIRE)
        page = notebook.page
        for index in range(3):
            notebook.run(index)
        alice = notebook.pane("alice")
        alice.has_state("connected")
        notebook.begin(3)
        alice.fill("say", '"hi"')
        alice.ask()
        for _ in range(8):
            alice.emit()
            page.wait_for_timeout(120)
        view = page.locator(".nbs-wire")
        page.wait_for_function("Number(document.querySelector('.nbs-wire').dataset.crossings) > 0")
        view.locator('[data-action="pause"]').click()
        for _ in range(3):
            view.locator('[data-action="closer"]').click()
        met = view.locator('tbody tr[data-event="say"]').filter(has_text="◆")
        met.last.get_by_role("button").click()
        page.wait_for_timeout(500)
        view.screenshot(path=IMAGES / "wire.png")
        page.close()

    def bench(self) -> None:
        """The duplex bench after half a minute."""
        notebook = self.open("bench", BENCH)
        page = notebook.page
        notebook.run(0)
        notebook.run(1)
        page.wait_for_timeout(25_000)
        page.locator(".nbs-bench").screenshot(path=IMAGES / "bench.png")
        page.close()

    def classroom(self) -> None:
        """A class: its panel, its chart, a phone."""
        notebook = self.open("class", CLASS)
        page = notebook.page
        notebook.run(0)
        panel = page.locator(".nbs-panel")
        code = panel.locator("[data-code]").inner_text().replace(" ", "")
        notebook.run(1)
        notebook.run(2)
        phone = self.browser.new_page(viewport={"width": 360, "height": 560})
        phone.goto(f"{self.lab.url}nbsocket/class/join#code={code}")
        phone.get_by_label("Your name").fill("Finn")
        phone.get_by_role("button", name="Enter").click()
        phone.get_by_role("button", name="a year on Venus").click()
        expect(phone.locator(".nbs-board")).to_contain_text("a year on Venus4")
        phone.screenshot(path=IMAGES / "phone.png")
        notebook.scroll_to(0)
        page.locator(".jp-NotebookPanel-notebook").screenshot(path=IMAGES / "class.png")
        page.close()


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        root = Path(name)
        settings = root / ".config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
        options = ("--LabApp.expose_app_in_browser=True",)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=OPTIONS)
        with JupyterProcess(root, app="lab", options=options) as lab:
            studio = Studio(root, lab, browser)
            for take in (studio.chat, studio.wire, studio.bench, studio.classroom):
                take()
        browser.close()


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    main()
