"""Real JupyterLab in real Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect, sync_playwright
from support.chromium import OPTIONS, chromium_path
from support.jupyter import TOKEN, JupyterProcess
from support.lab import Notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# Machines are slow, and other tests run beside these.
expect.set_options(timeout=30_000)
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def jp_asyncio_loop():
    """Stand in for pytest-jupyter's loop: it would take, and close, the one Playwright runs on."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the notebooks."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", root, dirs_exist_ok=True)
    config = root / ".config" / "labconfig"
    config.mkdir(parents=True)
    # The question for news would cover the notebook.
    settings = root / ".config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    options = (
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    )
    with JupyterProcess(root, base_url="/a%40b/", app="lab", options=options) as process:
        yield process


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=OPTIONS)
        yield browser
        browser.close()


class Desk:
    """One page with JupyterLab in it, on which tests open one notebook after another.

    Attributes:
        page: The page; None before the first test and after a failure.
        errors: What the page reported as errors.
    """

    def __init__(self, chromium: Browser, lab: JupyterProcess) -> None:
        self._chromium, self._lab = chromium, lab
        self.page: Page | None = None
        self.errors: list[str] = []
        self._spare = ""

    def lend_kernel(self, path: str) -> None:
        """Give a notebook a kernel that has started while the test before it ran; start one for the next."""
        name = path.rsplit("/", 1)[-1]
        if self._spare:
            self._lab.api(f"api/sessions/{self._spare}", "PATCH", {"path": path, "name": name})
        started = self._lab.api(
            "api/sessions",
            "POST",
            {"path": "spare.ipynb", "name": "spare", "type": "notebook", "kernel": {"name": "python3"}},
        )
        self._spare = started["id"]

    def shut_kernels_down(self) -> None:
        """End the kernels of a test."""
        for session in self._lab.api("api/sessions"):
            if session["id"] != self._spare:
                self._lab.api(f"api/sessions/{session['id']}", "DELETE")

    def sit_down(self) -> Page:
        """Return the page, with nothing open in it."""
        if self.page is None:
            self.page = logged_in(new_context(self._chromium), self._lab, self.errors)
        return self.page

    def clear(self, *, has_failed: bool) -> None:
        """Close what is open; after a failure nobody knows what is, so the next test has a new page."""
        if self.page is None:
            return
        if not has_failed and "/lab/" in self.page.url:
            with contextlib.suppress(PlaywrightError):
                self.page.evaluate(_CLOSE_ALL)
                return
        self.page.context.close()
        self.page = None


_CLOSE_ALL = """() => {
  const { shell } = window.jupyterapp;
  for (const widget of Array.from(shell.widgets("main"))) {
    if (widget.context) widget.context.model.dirty = false;
    widget.close();
  }
  localStorage.clear();
  sessionStorage.clear();
  if (document.querySelector(".jp-Dialog")) throw new Error("a dialog is open");
}"""


def new_context(chromium: Browser) -> BrowserContext:
    context = chromium.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(60_000)
    return context


def logged_in(context: BrowserContext, lab: JupyterProcess, errors: list[str]) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: (errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    # Any page logs in; JupyterLab itself is loaded once, with the first notebook.
    page.goto(f"{lab.url}api/status?token={TOKEN}")
    return page


@pytest.fixture(scope="session")
def desk(chromium, lab):
    made = Desk(chromium, lab)
    yield made
    made.clear(has_failed=True)


@pytest.fixture
def context(chromium):
    """A browser without a past; who asks for it has a page of its own in it, and may do what it likes."""
    context = new_context(chromium)
    yield context
    context.close()


@pytest.fixture
def errors(desk):
    """What the page reported as errors, of ours."""
    desk.errors.clear()
    return desk.errors


@pytest.fixture
def page(request, desk, lab, errors):
    """A page that is logged in: the one that all share, unless the test has a browser of its own."""
    if "context" in request.fixturenames:
        yield logged_in(request.getfixturevalue("context"), lab, errors)
        return
    failed = request.session.testsfailed
    yield desk.sit_down()
    desk.clear(has_failed=request.session.testsfailed > failed)


@pytest.fixture
def open_notebook(page, lab, desk):
    """Open a notebook of the folder, or one made of the given cells."""

    def open_it(name: str, cells: list[str] | None = None, app: str = "lab/tree") -> Notebook:
        if cells is not None:
            made = nbformat.v4.new_notebook()
            made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
            made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
            nbformat.write(made, lab.root / name)
        desk.lend_kernel(name)
        if app == "lab/tree" and "/lab/" in page.url:
            page.evaluate(
                "(path) => window.jupyterapp.commands.execute('docmanager:open', {path, factory: 'Notebook'})",
                name,
            )
        else:
            page.goto(f"{lab.url}{app}/{name}?reset")
        notebook = Notebook(page, lab.root / name)
        try:
            notebook.wait_ready(timeout=40_000)
        except NotInTime:
            # On a busy machine a page can miss that its kernel became idle, and waits for ever.
            page.goto(f"{lab.url}{app}/{name}?reset")
            notebook.wait_ready()
        return notebook

    yield open_it
    desk.shut_kernels_down()
