"""``%%client`` and ``io.page``: what runs in them, and what it cannot reach."""

import pytest
from playwright.sync_api import expect

SERVER = """
import nbsocket
io = nbsocket.Server("client-test")
"""
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
    assert "one name, not 2" in notebook.run(4)


def test_running_a_client_cell_again_closes_the_old_one(notebook):
    before = "nothing"
    for _ in range(3):
        notebook.run(5)
        shown = script(notebook, "again").locator("li")
        expect(shown).not_to_have_text(before)
        expect(shown).to_contain_text("in ")
        before = shown.inner_text()
    expect(script(notebook, "again")).to_have_count(1)
    notebook.page.wait_for_function(
        """async () => {
          const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
          const answer = await fetch(`${config.baseUrl}nbsocket/api/channels/client-test`);
          return (await answer.json()).clients === 1;
        }"""
    )
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
