"""The tutorial's server as a Python program, and its page with the tutorial's client, in Chromium."""

import shutil

import pytest
from browser.conftest import ROOT
from playwright.sync_api import expect
from support.program import Program

NOT_FOUND = 404
pytestmark = pytest.mark.browser


@pytest.fixture
def tutorial(tmp_path):
    shutil.copytree(ROOT / "examples" / "tutorial", tmp_path, dirs_exist_ok=True)
    with Program(tmp_path / "app.py") as program:
        program.says("listens on")
        yield program


def visit(context, url, errors):
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    # The port opens with the first line of the program, its page is there with the last.
    while context.request.get(url).status == NOT_FOUND:
        page.wait_for_timeout(50)
    page.goto(url)
    return page


def test_two_pages_and_the_server_talk(tutorial, context, errors):
    alice = visit(context, tutorial.url, errors)
    expect(alice.locator("#state")).to_contain_text("connected as")
    expect(alice.locator("li")).to_have_text(["server: Welcome!", "page: sent before the connection"])
    tutorial.says("a new user:")
    # The address that the notebook's server would use is the same page.
    bob = visit(context, f"{tutorial.url}nbsocket/tutorial/", errors)
    expect(bob.locator("#state")).to_contain_text("connected as")
    bob.get_by_label("Message").fill("<b>hello</b>")
    bob.keyboard.press("Enter")
    expect(alice.locator("li").last).to_have_text("page: <b>hello</b>")
    expect(bob.locator("li").last).to_have_text("(received)")
    tutorial.says("<b>hello</b>")
    bob.close()
    tutorial.says("a user left: transport close")
    assert errors == []
    alice.screenshot(path=ROOT / "test-results" / "tutorial.png")


def test_the_page_says_when_the_server_goes_and_comes_back_by_itself(tutorial, context):
    page = visit(context, tutorial.url, [])
    expect(page.locator("#state")).to_contain_text("connected as")
    # A poll that is cut before the upgrade is "transport error" to the client.
    page.wait_for_function("socket.io.engine.transport.name === 'websocket'")
    tutorial.interrupt()
    expect(page.locator("#state")).to_have_text("disconnected: transport close")
    with Program(tutorial._script, tutorial.port):
        expect(page.locator("#state")).to_contain_text("connected as", timeout=15_000)
        expect(page.locator("li").last).to_have_text("server: Welcome!")
