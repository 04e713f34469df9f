"""A kernel without a Jupyter server listens by itself: for this machine, with tickets, and it ends at once."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from support.jupyter import free_port

SECRET = re.compile(r"join_token|#code=")


@pytest.fixture
def alone(monkeypatch):
    """Run cells in a real kernel that no Jupyter server started; returns what each put out."""
    monkeypatch.delenv("NBSOCKET_URL", raising=False)

    def run(*cells, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        NotebookClient(notebook, timeout=60).execute()
        return [cell.outputs for cell in notebook.cells]

    return run


def text(outputs):
    return "".join(one["text"] if one["output_type"] == "stream" else str(one["data"]) for one in outputs)


BEGIN = "import nbsocket\nfrom nbsocket.testing import Client\nio = nbsocket.Server('room')"
ADD = "@io.on('add')\ndef add(socket, a, b):\n    return a + b"
ASK = (
    "with Client(io, 'alice') as alice:\n    print(alice.call('add', 1, 2), alice.call('add', b'a', b'b'))"
)


@pytest.mark.promise(1)
@pytest.mark.fault(22)
def test_a_kernel_without_a_server_serves_by_itself(alone):
    *_, answer = alone(f"{BEGIN}\n{ADD}", ASK)
    assert text(answer) == "3 b'ab'\n"


@pytest.mark.promise(1)
@pytest.mark.fault(22)
def test_an_inherited_address_of_a_server_that_disowns_it_is_no_server(alone, jupyter):
    began = "import time; began = time.monotonic()"
    took = "print(time.monotonic() - began < 3, io.url)"
    *_, timed, answer = alone(f"{began}\n{BEGIN}\n{ADD}\n{took}", ASK, NBSOCKET_URL=jupyter.url)
    assert text(timed).startswith("True http://127.0.0.1:")
    assert jupyter.url not in text(timed)
    assert text(answer) == "3 b'ab'\n"


@pytest.mark.promise(1)
@pytest.mark.fault(33)
def test_it_ends_at_once_and_leaves_nothing(alone, tmp_path):
    pid = tmp_path / "pid"
    began = time.monotonic()
    alone(
        f"{BEGIN}\n{ADD}", ASK, f"import os; open({str(pid)!r}, 'w').write(f'{{os.getpid()}} {{io.url}}')"
    )
    number, url = pid.read_text().split()
    assert not Path(f"/proc/{number}").exists()
    assert time.monotonic() - began < 30
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=5)


VIEWS = {
    "io.pane('alice')": "A pane",
    "io.wire()": "The wire view",
    "io.duplex_bench()": "The bench",
    "io.page('page.html')": "This view of the page",
    "io.open_class('Physics')": "What lets phones in",
    "io.ticket().qr": "What lets phones in",
    "%%client\nio()": "%%client",
}


OVER_A_COMM = {"io.pane('alice')", "io.wire()", "io.page('page.html')", "%%client\nio()"}
"""They reach the kernel where anything shows widgets; all else shows what they say."""


@pytest.mark.promise(1)
@pytest.mark.threat(42)
def test_each_view_says_what_there_is_and_names_the_call_for_a_link_without_a_secret(
    alone, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_text("<p>hello</p>")
    begin, *views = alone(BEGIN, *VIEWS)
    assert begin == [], "no address and no ticket is printed"
    for (cell, name), outputs in zip(VIEWS.items(), views, strict=True):
        # A pane and a wire view have a place for their saved picture above them.
        *places, shown = outputs
        assert [place["data"]["text/plain"] for place in places] in ([], [""]), cell
        kinds = {"application/vnd.jupyter.widget-view+json"} if cell in OVER_A_COMM else set()
        assert shown["data"].keys() == {"text/plain", "text/html"} | kinds, cell
        for kind in ("text/plain", "text/html"):
            said = shown["data"][kind]
            assert name in said, cell
            assert "io.ticket().link" in said, cell
            assert "JupyterLab" in said, cell
            assert not SECRET.search(said), cell


@pytest.mark.promise(1)
@pytest.mark.threat(42)
@pytest.mark.parametrize("option", ["open=True", "port=5000", "host='0.0.0.0'", "ping_interval=1.0"])
def test_what_is_for_programs_is_refused(alone, option):
    (said,) = alone(
        f"import nbsocket\ntry:\n    nbsocket.Server('room', {option})\nexcept ValueError as e:\n    print(e)"
    )
    assert "In a notebook" in text(said)
    assert "with a ticket" in text(said)


@pytest.mark.promise(1)
@pytest.mark.threat(42)
def test_the_environment_chooses_no_port(alone):
    port = free_port()
    *_, said = alone(BEGIN, "print(io.url)", PORT=str(port))
    assert f":{port}/" not in text(said)
    assert text(said).startswith("http://127.0.0.1:")


@pytest.fixture
def private(alone, tmp_path):
    """A port of a kernel's own while a cell of it runs; gives its address, a ticket, and what asked it."""
    script = tmp_path / "asked.py"
    script.write_text(
        "import json, sys, urllib.error, urllib.request\n"
        "answers = []\n"
        "for path, headers in json.load(sys.stdin):\n"
        "    try:\n"
        "        with urllib.request.urlopen(urllib.request.Request(path, headers=headers), timeout=10) as one:\n"
        "            answers.append([one.status, one.read(200).decode('utf-8', 'replace')])\n"
        "    except urllib.error.HTTPError as error:\n"
        "        answers.append([error.code, error.read(200).decode('utf-8', 'replace')])\n"
        "print(json.dumps(answers))\n"
    )

    def ask(requests):
        asked = json.dumps(requests)
        *_, said = alone(
            BEGIN,
            "import json, subprocess, sys\n"
            f"asked = json.loads({asked!r})\n"
            "ticket, port = io.ticket().value, io.url.rsplit(':', 1)[1].strip('/')\n"
            "asked = [[p.format(url=io.url, ticket=ticket), {k: v.format(port=port) for k, v in h.items()}] for p, h in asked]\n"
            f"print(subprocess.run([sys.executable, {str(script)!r}], input=json.dumps(asked), "
            "capture_output=True, text=True, check=True).stdout)",
        )
        return json.loads(text(said))

    return ask


SHAKE = "{url}nbsocket/room/socket.io/?EIO=4&transport=polling&join_token={ticket}"
WITHOUT = "{url}nbsocket/room/socket.io/?EIO=4&transport=polling"
JOIN = "{url}nbsocket/room/join"
HERE = {"Host": "127.0.0.1:{port}"}


@pytest.mark.promise(1)
@pytest.mark.threat(27, 42)
def test_its_port_is_for_pages_of_this_machine_and_for_tickets(private):
    cases = {
        "a ticket": ([SHAKE, {}], 200),
        "by name": ([SHAKE, {"Host": "localhost:{port}"}], 200),
        "IPv6": ([SHAKE, {"Host": "[::1]:{port}"}], 200),
        "its own page": ([SHAKE, {**HERE, "Origin": "http://127.0.0.1:{port}"}], 200),
        "another page of this machine": ([SHAKE, {**HERE, "Origin": "http://localhost:2718"}], 200),
        "a sandboxed page": ([SHAKE, {**HERE, "Origin": "null"}], 200),
        "the join page": ([JOIN, HERE], 200),
        "no ticket": ([WITHOUT, HERE], 403),
        "no ticket, its own page": ([WITHOUT, {**HERE, "Origin": "http://127.0.0.1:{port}"}], 403),
        "a page elsewhere, with a ticket": ([SHAKE, {**HERE, "Origin": "https://example.org"}], 403),
        "one that is named alike": ([SHAKE, {**HERE, "Origin": "http://localhost.example.org"}], 403),
        "another machine's address": ([SHAKE, {**HERE, "Origin": "http://192.0.2.1:{port}"}], 403),
        "a name that leads here": ([SHAKE, {"Host": "rebound.example.org:{port}"}], 403),
        "its join page by such a name": ([JOIN, {"Host": "rebound.example.org:{port}"}], 403),
        "another address of this machine": ([SHAKE, {"Host": "192.0.2.1:{port}"}], 403),
    }
    answers = private([request for request, _ in cases.values()])
    assert {name: status for name, (status, _) in zip(cases, answers, strict=True)} == {
        name: wanted for name, (_, wanted) in cases.items()
    }


@pytest.mark.promise(1)
@pytest.mark.threat(42)
def test_it_listens_on_loopback_alone(alone):
    *_, said = alone(
        BEGIN,
        "import socket\nport = int(io.url.rsplit(':', 1)[1].strip('/'))\n"
        "others = {one[4][0] for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}\n"
        "def is_open(address):\n"
        "    with socket.socket() as one:\n"
        "        one.settimeout(2)\n"
        "        return one.connect_ex((address, port)) == 0\n"
        "print(is_open('127.0.0.1'), [one for one in others if not one.startswith('127.') and is_open(one)])",
    )
    assert text(said) == "True []\n"


@pytest.mark.promise(1)
@pytest.mark.parametrize("ending", ["", "raise SystemExit(0)\n"])
def test_plain_ipython_serves_and_ends_without_a_wait(tmp_path, ending):
    script = tmp_path / "lesson.ipy"
    script.write_text(f"{BEGIN}\n{ADD}\n{ASK}\nio.pane('alice')\nprint(io.pane('bob').note)\n{ending}")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", str(script)],
        env={**os.environ, "IPYTHONDIR": str(tmp_path), "PORT": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith("3 b'ab'\nA pane needs a Jupyter server"), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 30


@pytest.mark.promise(1)
def test_a_notebook_s_port_is_free_for_others_again(alone):
    *_, said = alone(BEGIN, "print(io.url)")
    port = int(text(said).rsplit(":", 1)[1].strip("/\n"))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
