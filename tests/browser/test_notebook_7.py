"""The same pane in Notebook 7."""

import nbformat
from playwright.sync_api import expect
from support.jupyter import TOKEN
from support.lab import Pane

SERVER = """
import nbsocket
io = nbsocket.Server("notebook-seven")

@io.on("echo")
def echo(socket, value):
    return value
"""


def test_a_pane_works_in_notebook_7(context, lab, errors):
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in (SERVER, 'io.pane("alice")')]
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, lab.root / "seven.ipynb")
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{lab.url}notebooks/seven.ipynb?token={TOKEN}")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(timeout=60_000)
    # Notebook 7 itself may stumble over a setting while it starts.
    errors.clear()
    page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    alice = Pane(page.locator('.nbs-pane[data-pane="alice"]'))
    alice.has_state("connected")
    alice.fill("echo", '"seven"')
    alice.ask()
    alice.emit()
    expect(alice.rows("out", "echo")).to_have_attribute("data-ack", "answered")
    assert errors == []
