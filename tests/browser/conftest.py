"""Real JupyterLab in real Chromium."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import sync_playwright
from support.chromium import OPTIONS, chromium_path
from support.jupyter import TOKEN, JupyterProcess
from support.lab import Notebook

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


@pytest.fixture
def context(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def errors():
    """What the page reported as errors, of ours."""
    return []


@pytest.fixture
def page(context, lab, errors):
    """A page that is logged in."""
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: (errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    # Any page logs in; JupyterLab itself is loaded once, with the notebook.
    page.goto(f"{lab.url}api/status?token={TOKEN}")
    return page


@pytest.fixture
def open_notebook(page, lab):
    """Open a notebook of the folder, or one made of the given cells."""
    opened = []

    def open_it(name: str, cells: list[str] | None = None, app: str = "lab/tree") -> Notebook:
        if cells is not None:
            made = nbformat.v4.new_notebook()
            made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
            made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
            nbformat.write(made, lab.root / name)
        page.goto(f"{lab.url}{app}/{name}?reset")
        notebook = Notebook(page, lab.root / name)
        notebook.wait_ready()
        opened.append(notebook)
        return notebook

    yield open_it
    for session in lab.api("api/sessions"):
        lab.api(f"api/sessions/{session['id']}", "DELETE")
