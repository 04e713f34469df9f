"""A phone joins: the link of a ticket, a code that is typed, a wrong one, a channel without a page yet."""

import pytest
from browser.conftest import ROOT
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SERVER = """import nbsocket
from pathlib import Path
io = nbsocket.Server("joined")
Path("joined.html").write_text(
    '<h1>The class</h1><p id="state"></p><script src="socket.io/socket.io.js"></script>'
    '<script>io().on("connect", () => { document.getElementById("state").textContent = "in"; });</script>'
)
ticket = io.ticket()
print("LINK", ticket.link)"""


def test_a_phone_joins_by_link_and_by_code(open_notebook, chromium, errors):
    notebook = open_notebook(
        "join.ipynb", [SERVER, "io.page('joined.html')", "ticket.revoke()", "ticket.qr"]
    )
    link = notebook.run(0).split("LINK ")[1].split()[0]
    code = link.partition("#code=")[2]
    context = chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark")
    context.set_default_timeout(60_000)
    phone = context.new_page()
    phone.on("pageerror", lambda error: errors.append(str(error)))

    notebook.run(3)
    door = notebook.page.locator('[data-ticket="joined"]')
    expect(door.locator(".nbs-qr path")).to_have_count(1)
    expect(door.locator("[data-code]")).to_have_text(f"{code[:3]} {code[3:]}")
    notebook.save()
    assert f"{code[:3]} {code[3:]}" not in notebook.path.read_text()

    phone.goto(link)
    status = phone.get_by_role("status")
    expect(status).to_have_text("You're in. There is no page yet; this one keeps checking.")
    assert phone.evaluate("origin") == "null"
    phone.screenshot(path=ROOT / "test-results" / "join-waiting.png")
    notebook.run(1)
    expect(phone.locator("#state")).to_have_text("in", timeout=10_000)
    assert code not in phone.url

    phone.goto(link.partition("nbsocket/")[0] + "nbsocket/join")
    field = phone.get_by_label("The code you were given")
    expect(field).to_be_focused()
    field.fill("BAD-CODE")
    phone.keyboard.press("Enter")
    expect(status).to_have_text("This code is invalid or has expired. Check it and try again.")
    phone.screenshot(path=ROOT / "test-results" / "join-refused.png")
    field.fill(f"{code[:3]} {code[3:].lower()}")
    phone.get_by_role("button", name="Join").click()
    expect(phone.locator("#state")).to_have_text("in")

    notebook.run(2)
    phone.goto(link)
    expect(status).to_have_text("This code is invalid or has expired. Check it and try again.")
    assert errors == []
    context.close()
