"""Takes the pictures of the documentation from the real thing: ``.venv/bin/python docs/screenshots.py``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

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
CELLS = [SERVER.strip(), PANES.strip()]


def main() -> None:
    """Take the pictures in both themes."""
    import nbformat  # noqa: PLC0415 - only here

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        root = Path(name)
        made = nbformat.v4.new_notebook()
        made.cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, root / "chat.ipynb")
        settings = root / ".config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
        options = ("--LabApp.expose_app_in_browser=True",)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=OPTIONS)
        with JupyterProcess(root, app="lab", options=options) as lab:
            page = browser.new_page(viewport={"width": 1240, "height": 1060})
            page.goto(f"{lab.url}lab/tree/chat.ipynb?reset&token={TOKEN}")
            notebook = Notebook(page, root / "chat.ipynb")
            notebook.wait_ready()
            page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
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
            notebook.scroll_to(0)
            for theme, file in (("JupyterLab Light", "light"), ("JupyterLab Dark", "dark")):
                page.evaluate(
                    "async (theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
                    theme,
                )
                page.wait_for_selector(f'body[data-jp-theme-name="{theme}"]', state="attached")
                page.wait_for_selector("#jupyterlab-splash", state="detached")
                notebook.scroll_to(0)
                page.locator(".jp-NotebookPanel-notebook").screenshot(path=IMAGES / f"{file}.png")
        browser.close()


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    main()
