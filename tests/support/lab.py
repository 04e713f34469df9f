"""Drives a notebook in JupyterLab: run a cell, look at what stands under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

_CONTENT = "window.jupyterapp.shell.currentWidget.content"
_IS_READY = """(name) => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return panel?.context?.path.split("/").pop() === name && panel.content?.widgets?.length > 0
    && panel.sessionContext?.session?.kernel?.status === "idle";
}"""
_OUTPUT_TEXT = f"""(index) => {{
  const cell = {_CONTENT}.model.cells.get(index);
  let text = "";
  for (let i = 0; i < cell.outputs.length; i++) {{
    const output = cell.outputs.get(i).toJSON();
    const part = output.text ?? output.data?.["text/plain"] ?? output.evalue ?? "";
    text += Array.isArray(part) ? part.join("") : part;
  }}
  return text;
}}"""
_HAS_BEGUN = f"""([index, before]) => {{
  const cell = {_CONTENT}.model.cells.get(index);
  return cell.executionState === "running" || cell.executionCount !== before;
}}"""
_FOCUS = f"""(index) => JSON.stringify({{
  focus: document.activeElement?.outerHTML.slice(0, 120),
  mode: {_CONTENT}.mode,
  active: {_CONTENT}.activeCellIndex,
  kernel: {_CONTENT.removesuffix(".content")}.sessionContext.session?.kernel?.status,
  dialogs: Array.from(document.querySelectorAll(".jp-Dialog"), (dialog) => dialog.textContent),
}})"""


THEMES = ("JupyterLab Light", "JupyterLab Dark")
_SHEETS_S = 0.6
_HAS_UPGRADED = """async (channel) => {
  const { baseUrl } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const { sessions } = await (await fetch(`${baseUrl}nbsocket/api/channels/${channel}`)).json();
  return sessions.length > 0 && sessions.every((one) => one.transport === "websocket");
}"""


def painted(page: Page) -> None:
    """Wait until what was changed is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def change_theme(page: Page, theme: str) -> None:
    """Change JupyterLab's theme, and wait until it is seen."""
    page.evaluate(
        "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    page.wait_for_selector(f'body[data-jp-theme-name="{theme}"]', state="attached")
    # The theme's style sheets come a little later, and nothing says when; canvases are painted after them.
    page.wait_for_timeout(1000 * _SHEETS_S)
    painted(page)


def has_upgraded(page: Page, channel: str) -> None:
    """Wait until every client of a channel is on its WebSocket."""
    page.wait_for_function(_HAS_UPGRADED, arg=channel)


def has_seen(page: Page, count: int) -> None:
    """Wait until the wire view has counted so many packets."""
    page.wait_for_function(
        "(count) => Number(document.querySelector('.nbs-wire').dataset.seen) >= count", arg=count
    )


class Notebook:
    """One open notebook.

    Args:
        page: The browser page.
        path: The notebook's file.
    """

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.path = path

    def wait_ready(self, timeout: float = 60_000) -> None:
        """Wait until the kernel is idle and the cells are there."""
        self.page.wait_for_function(_IS_READY, arg=self.path.name, timeout=timeout)

    def index_of(self, start: str) -> int:
        """Return the index of the first cell whose source contains ``start``."""
        sources = self.page.evaluate(
            f"Array.from({_CONTENT}.model.cells).map((cell) => cell.sharedModel.getSource())"
        )
        for index, source in enumerate(sources):
            if start in source:
                return index
        msg = f"no cell has {start!r}"
        raise AssertionError(msg)

    def begin(self, index: int) -> None:
        """Run a cell once, by Jupyter's own command, and wait until it has begun."""
        before = self.count(index)
        self.page.evaluate(
            f"""async (index) => {{
              const content = {_CONTENT};
              await content.scrollToItem(index, "smart");
              content.mode = "command";
              content.activeCellIndex = index;
              content.deselectAll();
              // What it returns ends with the cell: nobody waits for it here.
              void window.jupyterapp.commands.execute("notebook:run-cell");
            }}""",
            index,
        )
        try:
            self.page.wait_for_function(_HAS_BEGUN, arg=[index, before], timeout=30_000)
        except NotInTime as error:
            state = self.page.evaluate(_FOCUS, index)
            msg = f"cell {index} of {self.path.name} did not begin: {state}"
            raise AssertionError(msg) from error

    def count(self, index: int) -> Any:
        """Return the cell's execution count."""
        return self.page.evaluate(f"(i) => {_CONTENT}.model.cells.get(i).executionCount", index)

    def wait_end(self, index: int, timeout: float = 60_000) -> str:
        """Wait until the cell has ended; return what stands under it."""
        self.page.wait_for_function(
            f"(index) => {{ const cell = {_CONTENT}.model.cells.get(index);"
            " return cell.executionState === 'idle' && cell.executionCount !== null; }",
            arg=index,
            timeout=timeout,
        )
        return self.output(index)

    def run(self, index: int, timeout: float = 60_000) -> str:
        """Run a cell to its end; return what stands under it."""
        self.begin(index)
        return self.wait_end(index, timeout)

    def output(self, index: int) -> str:
        """Return the text that stands under a cell."""
        return str(self.page.evaluate(_OUTPUT_TEXT, index))

    def wait_output(self, index: int, text: str) -> None:
        """Wait until ``text`` stands under the cell."""
        self.page.wait_for_function(
            f"([index, text]) => ({_OUTPUT_TEXT})(index).includes(text)", arg=[index, text]
        )

    def is_running(self, index: int) -> bool:
        """Whether the cell still runs."""
        state = self.page.evaluate(f"(i) => {_CONTENT}.model.cells.get(i).executionState", index)
        return bool(state == "running")

    def scroll_to(self, index: int) -> None:
        """Bring a cell into view."""
        self.page.evaluate(f"async (i) => {{ await {_CONTENT}.scrollToItem(i, 'center'); }}", index)

    def restart_kernel(self) -> None:
        """Restart the kernel, without the question whether one is sure."""
        self.page.evaluate(
            "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
        )

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")

    def pane(self, name: str) -> Pane:
        """Return the pane of this name."""
        return Pane(self.page.locator(f'.nbs-pane[data-pane="{name}"]'))


class Pane:
    """A pane as a person uses it."""

    def __init__(self, element: Locator) -> None:
        self.element = element

    def has_state(self, state: str, timeout: float = 20_000) -> None:
        """Wait until its connection is in ``state``."""
        expect(self.element).to_have_attribute("data-state", state, timeout=timeout)

    def fill(self, event: str, *arguments: str) -> None:
        """Write an event and its JSON arguments into the form."""
        self.element.locator('[data-field="event"]').fill(event)
        fields = self.element.locator('[data-field="argument"]')
        while fields.count() > len(arguments):
            self.element.get_by_role("button", name="Remove argument").last.click()
        while fields.count() < len(arguments):
            self.element.get_by_role("button", name="Add argument").click()
        for index, text in enumerate(arguments):
            fields.nth(index).fill(text)

    def emit(self) -> None:
        """Press Emit."""
        self.element.locator('[data-action="emit"]').click()

    def ask(self, wanted: bool = True) -> None:
        """Tick (or clear) "Ask for an acknowledgement"."""
        self.element.locator('[data-field="ask"]').set_checked(wanted)

    def press(self, action: str) -> None:
        """Press one of its buttons."""
        self.element.locator(f'[data-action="{action}"]').click()

    def rows(self, kind: str, event: str | None = None) -> Locator:
        """Return the rows of this kind in its log."""
        named = f'[data-event="{event}"]' if event else ""
        return self.element.locator(f'.nbs-log li[data-kind="{kind}"]{named}')

    @property
    def received(self) -> int:
        """How many events it has received."""
        return int(self.element.get_attribute("data-received") or 0)
