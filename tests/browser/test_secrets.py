"""A whole lesson with everything on; then every place that outlives it, or that others see, is searched for secrets."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from browser.test_wire import WireView
from playwright.sync_api import expect
from support.jupyter import TOKEN

PASSWORD = "correct-horse-battery-staple"
CELLS = [
    """import nbsocket, json
from nbsocket.classroom import *
from nbsocket.testing import Client
io = nbsocket.Server("wire-test")
class_ = io.open_class("Secrets")
class_""",
    "io.wire()",
    "class_.show(text('word', 'One word'))",
    "io.pane('alice')",
    """%%client bob
var socket = io({ auth: { password: "PASSWORD", nested: { token: "PASSWORD" } } });
socket.on("connect", () => console.log("in"));""".replace("PASSWORD", "WORD_OF_BOB"),
    # Not typed here, as a password should not be: what a notebook's own source says is its author's business.
    """password = open("password.txt").read()
with Client(io, "carol", auth={"user": "carol", "password": password}) as carol:
    carol.emit("hello", "from carol")
io.ticket().qr""",
    """with open("keys.json", "w") as file:
    json.dump([[one.key for one in class_.people], class_._ticket.value, class_._ticket.code], file)""",
    "io.page('none.html')",
]


@pytest.mark.threat(10, 38, 41, 43)
@pytest.mark.timeout(280)
def test_no_secret_of_a_lesson_is_left_anywhere(open_notebook, lab, page, context, chromium, figure):
    tickets, addresses = set(), set()

    def note(url):
        addresses.add(url)
        tickets.update(re.findall(r"join_token=([A-Za-z0-9_-]{20,})", url))

    def listen(one):
        one.on("request", lambda request: note(request.url))
        one.on("websocket", lambda socket: note(socket.url))

    listen(page)
    (lab.root / "password.txt").write_text(PASSWORD)
    begins = lab.log.stat().st_size
    notebook = open_notebook("secrets.ipynb", CELLS)
    for index in (0, 1, 2, 3, 4):
        notebook.run(index)
    wire = WireView(notebook.page)
    wire.is_live()
    notebook.pane("alice").has_state("connected")
    notebook.run(5)

    panel = notebook.page.locator('.nbs-panel[data-panel="wire-test"]').first
    code = panel.locator("[data-code]").inner_text().replace(" ", "")
    phone_context = chromium.new_context(viewport={"width": 360, "height": 740})
    phone = phone_context.new_page()
    listen(phone)
    bars = []
    phone.on("framenavigated", lambda frame: bars.append(frame.url))
    phone.goto(f"{lab.url}nbsocket/wire-test/join#code={code}")
    phone.get_by_label("Your name").fill("Dora")
    phone.get_by_role("button", name="Enter").click()
    expect(phone.locator("main")).to_have_attribute("data-stage", "class")
    bars.append(phone.evaluate("location.href"))
    phone.reload()
    expect(phone.locator("main")).to_have_attribute("data-stage", "class")
    expect(phone.locator("body")).to_contain_text("Dora")
    bars.append(phone.evaluate("location.href"))

    # A friend who gets the link that a phone shares is somebody else.
    friend_context = chromium.new_context(viewport={"width": 360, "height": 740})
    friend = friend_context.new_page()
    friend.goto(bars[-1])
    asked = friend.get_by_label("Your name").or_(friend.get_by_label("The code you were given"))
    expect(asked).to_be_visible()
    expect(friend.locator("main")).not_to_have_attribute("data-stage", "class")
    friend_context.close()

    # What only goes wrong: other cases, other statuses, a channel that is not there any more.
    for path in (
        f"nbsocket/wire-test/socket.io/?EIO=4&transport=polling&JOIN_TOKEN={'x' * 30}SECRETVALUE",
        f"nbsocket/gone/socket.io/?EIO=4&transport=polling&join_token={'x' * 30}SECRETVALUE",
        f"nbsocket/api/channels/gone/wire?token={TOKEN}",
        f"nbsocket/api/channels/gone?Token={TOKEN}",
        f"nbsocket/api/channels/gone/tickets?TOKEN={TOKEN}",
        f"nbsocket/nowhere/at/all?join_token={'x' * 30}SECRETVALUE",
    ):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(lab.url + path, timeout=10)

    notebook.run(6)
    keys, class_ticket, class_code = json.loads((lab.root / "keys.json").read_text())
    expect(wire.rows("hello").first).to_be_visible()
    exports = {kind: wire.save(kind) for kind in ("har", "json", "svg", "mermaid")}
    saved = notebook.page.locator(".jp-OutputArea-output div[class^=nbs-saved-]")
    expect(saved.filter(has_text="carol").first).to_be_attached(timeout=20_000)
    notebook.save()
    notebook.restart_kernel()
    notebook.pane("alice").has_state("waiting")
    notebook.wait_ready()
    notebook.save()
    html = notebook.path.with_suffix(".html")
    convert = [sys.executable, "-m", "nbconvert", "--to", "html", notebook.path, "--output", html]
    subprocess.run(convert, check=True)
    phone_context.close()

    places = {
        "the server's log": lab.log.read_bytes()[begins:].decode(),
        "the saved notebook": notebook.path.read_text(),
        "nbconvert's HTML": html.read_text(),
        "the phone's address bar": "\n".join(bars),
        "addresses that pages asked for": "\n".join(one for one in addresses if "socket.io" not in one),
        **{f"the export as {kind}": text for kind, text in exports.items()},
    }
    assert tickets, "tickets were seen on the wire"
    assert class_ticket in tickets
    assert keys
    secrets = {
        **{f"ticket {number}": one for number, one in enumerate(sorted(tickets))},
        **{f"class key {number}": one for number, one in enumerate(keys)},
        "the class's code": class_code,
        "a password in auth": PASSWORD,
        "Jupyter's token": TOKEN,
        "a ticket under another case": "SECRETVALUE",
    }
    found = [
        (name, place) for place, text in places.items() for name, one in secrets.items() if one in text
    ]
    # A phone's own link holds the class's code until it is in: that is what a link is.
    found = [one for one in found if one != ("the class's code", "the phone's address bar")]
    assert found == []
    assert "WORD_OF_BOB" not in "".join(exports.values())
    assert "carol" in places["the saved notebook"], "what is no secret is there"
    figure(f"{len(secrets)} secrets ({len(tickets)} tickets) searched for in {len(places)} places: 0 found")
