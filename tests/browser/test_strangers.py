"""Foreign pages in the browser of a teacher who is logged in, and pages that are served to students."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
CHANNEL = "lesson"
PAGE = """<!doctype html><meta charset="utf-8"><title>lesson</title>
<div id="chat"></div><script src="socket.io/socket.io.js"></script>
<script>
  const socket = io();
  // As a careless author writes it.
  socket.on("said", (text) => { document.getElementById("chat").innerHTML += text; });
  socket.on("connect", () => { document.body.dataset.state = "connected"; });
</script>"""
SNOOP = """() => {
  const tries = {
    origin: () => self.origin,
    cookie: () => document.cookie,
    storage: () => localStorage.length,
    session: () => sessionStorage.length,
    opener: () => String(window.opener),
  };
  const found = {};
  for (const [name, attempt] of Object.entries(tries)) {
    try { found[name] = String(attempt()); } catch (error) { found[name] = error.name; }
  }
  return found;
}"""
EVIL = """async ([http, channel]) => {
  const ws = http.replace("http", "ws");
  const open = (address) => new Promise((resolve) => {
    const socket = new WebSocket(address);
    socket.onopen = () => { socket.close(); resolve("open"); };
    socket.onerror = () => resolve("refused");
  });
  const read = (path, options) => fetch(http + path, { credentials: "include", ...options })
    .then((answer) => answer.type === "opaque" ? "opaque" : answer.text(), (error) => error.name);
  const form = (path) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.name = "target" + Math.random();
    document.body.append(frame);
    frame.onload = () => resolve("sent");
    const form = document.createElement("form");
    Object.assign(form, { action: http + path, method: "POST", target: frame.name });
    document.body.append(form);
    form.submit();
    setTimeout(() => resolve("no answer"), 3000);
  });
  const engine = `nbsocket/${channel}/socket.io/?EIO=4&transport=`;
  const tickets = `nbsocket/api/channels/${channel}/tickets`;
  return {
    "WebSocket without a ticket": await open(`${ws}${engine}websocket`),
    "kernel link": await open(`${ws}nbsocket/link`),
    "list of channels": await read("nbsocket/api/channels"),
    "mint": await read(tickets, { method: "POST", body: "{}" }),
    "mint, no-cors": await read(tickets, { method: "POST", body: "{}", mode: "no-cors" }),
    "mint by form": await form(tickets),
    "polling without a ticket": await read(`${engine}polling`),
    "post to polling": await read(`${engine}polling&sid=x`, { method: "POST", body: "40", mode: "no-cors" }),
    "kernels": await read("api/kernels"),
  };
}"""


@contextlib.contextmanager
def website():
    """A web server with an empty page; another origin."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title><body>")

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


@pytest.fixture
def lesson(open_notebook):
    page = repr(PAGE)
    cells = [
        (
            f"import nbsocket, pathlib\nio = nbsocket.Server({CHANNEL!r})\n"
            f"_ = pathlib.Path('lesson.html').write_text({page})\nio.page('lesson.html');\nticket = io.ticket()"
        ),
        "ticket.value",
        "io.emit('said', '<img src=x onerror=\"window.__ran = 1; parent.__ran = 1\">hello')",
    ]
    notebook = open_notebook("lesson.ipynb", cells)
    notebook.run(0)
    return notebook


@pytest.mark.threat(5)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_foreign_site_can_do_nothing_with_the_teachers_login(lesson, lab, context, host, figure):
    before = context.cookies()
    assert before, "the teacher is logged in"
    with website() as port:
        page = context.new_page()
        page.goto(f"http://{host}:{port}/")
        got = page.evaluate(EVIL, [lab.url, CHANNEL])
        log = lab.log.read_text()
    assert got == {
        "WebSocket without a ticket": "refused",
        "kernel link": "refused",
        "list of channels": "TypeError",
        "mint": "TypeError",
        "mint, no-cors": "opaque",
        "mint by form": "sent",
        # Open to every origin, but not together with a cookie.
        "polling without a ticket": "TypeError",
        "post to polling": "opaque",
        "kernels": "TypeError",
    }
    path = f"POST {lab.base_url}nbsocket/api/channels/{CHANNEL}/tickets"
    answers = [
        line.split(path)[0].split()[-1]
        for line in log.splitlines()
        if path in line and f"http://{host}:{port}" in line
    ]
    assert len(answers) == 3
    assert set(answers) <= {"403", "404"}, "by the missing XSRF token, or by Jupyter's check of the origin"
    assert context.cookies() == before, "no cookie was set"
    figure(f"from {host}: {len(got)} tries, nothing opened, nothing minted, no cookie set")


@pytest.mark.threat(8)
def test_markup_in_a_page_reaches_nothing_of_jupyter(lesson, lab, context, figure):
    value = lesson.run(1).strip().strip("'")
    page = context.new_page()
    page.goto(f"{lab.url}nbsocket/{CHANNEL}/#join_token={value}")
    expect(page.locator("body")).to_have_attribute("data-state", "connected")
    lesson.run(2)
    expect(page.locator("#chat")).to_contain_text("hello")
    page.wait_for_function("window.__ran === 1")
    found = page.evaluate(SNOOP)
    assert found == {
        "origin": "null",
        "cookie": "SecurityError",
        "storage": "SecurityError",
        "session": "SecurityError",
        "opener": "null",
    }
    tried = page.evaluate(
        """async (http) => {
          const read = (path) => fetch(http + path, { credentials: "include" }).then((a) => a.status, (e) => e.name);
          return { kernels: await read("api/kernels"), channels: await read("nbsocket/api/channels") };
        }""",
        lab.url,
    )
    assert tried == {"kernels": "TypeError", "channels": "TypeError"}
    assert lesson.page.evaluate("window.__ran") is None, "nor does it reach the page around it"
    figure("the author's innerHTML ran the student's script: opaque origin, no cookie, no storage, no API")
