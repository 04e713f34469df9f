"""A real JupyterHub: the teacher's own pane, a guest through the hub's proxy, and a neighbour who is refused."""

import nbformat
import pytest
from playwright.sync_api import expect
from support.hub import Hub
from support.lab import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
CELLS = [
    (
        "import nbsocket, pathlib\nio = nbsocket.Server('lesson')\n"
        "@io.on('hello')\ndef hello(socket, name):\n    io.emit('greeted', name, socket.role)\n    return 'welcome'\n"
        "_ = pathlib.Path('page.html').write_text('''<!doctype html><p id=state>…</p>"
        '<script src="socket.io/socket.io.js"></script><script>const socket = io();'
        'socket.on("connect", async () => { document.getElementById("state").textContent ='
        ' await socket.emitWithAck("hello", "a guest"); });</script>\'\'\')\n'
        "io.page('page.html')\nticket = io.ticket()"
    ),
    "io.pane('alice')",
    "print(ticket.link)",
    "ticket.revoke()",
]


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with Hub(tmp_path_factory.mktemp("hub")) as process:
        made = nbformat.v4.new_notebook()
        made.cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, process.root / "home" / "alice" / "lesson.ipynb")
        yield process


def log_in(context, hub, user):
    page = context.new_page()
    page.goto(f"{hub.url}hub/login")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill("any")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/user/{user}/**", timeout=90_000)
    return page


@pytest.mark.threat(26)
@pytest.mark.fault(24)
def test_owner_guest_and_neighbour(hub, chromium, figure):
    teacher, student, neighbour = (chromium.new_context() for _ in range(3))
    for context in (teacher, student, neighbour):
        context.set_default_timeout(60_000)
    page = log_in(teacher, hub, "alice")
    page.goto(f"{hub.url}user/alice/lab/tree/lesson.ipynb?reset")
    notebook = Notebook(page, hub.root / "home" / "alice" / "lesson.ipynb")
    notebook.wait_ready()
    notebook.run(0)
    notebook.run(1)
    alice = notebook.pane("alice")
    alice.has_state("connected")
    alice.fill("hello", '"the teacher"')
    alice.ask()
    alice.emit()
    expect(alice.rows("in", "greeted")).to_contain_text('"owner"')

    link = notebook.run(2).strip()
    assert link.startswith(f"{hub.url}user/alice/nbsocket/lesson/join#code=")
    guest = student.new_page()
    guest.goto(link)
    expect(guest.locator("#state")).to_have_text("welcome")
    expect(alice.rows("in", "greeted").filter(has_text="a guest")).to_contain_text('"guest"')
    assert student.cookies() == [], "no cookie of the hub, none of ours"

    other = log_in(neighbour, hub, "bob")
    home = f"{hub.url}user/alice/nbsocket/"
    answers = {
        path: neighbour.request.get(home + path, max_redirects=0).status
        for path in ("api/channels", "api/channels/lesson", "lesson/socket.io/?EIO=4&transport=polling")
    }
    mint = neighbour.request.post(f"{home}api/channels/lesson/tickets", data="{}", max_redirects=0).status
    assert answers["lesson/socket.io/?EIO=4&transport=polling"] == 403
    assert set(answers.values()) | {mint} <= {302, 403}
    inside = other.evaluate(
        """(home) => fetch(home + "api/channels", { credentials: "include", redirect: "manual" })
           .then((answer) => answer.type === "opaqueredirect" ? 302 : answer.status)""",
        home,
    )
    assert inside in (302, 403)

    notebook.run(3)
    expect(alice.rows("in", "greeted")).to_have_count(2)
    guest.wait_for_function("!socket.connected")
    figure(
        "owner's pane connected, a guest by its join link through the proxy, a neighbour refused 5 times"
    )
    for context in (teacher, student, neighbour):
        context.close()
