"""``docs/deployment.md``, followed to the letter: its commands, its nginx file, and the doctor in six broken worlds."""

import contextlib
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme
from socketio.exceptions import ConnectionError as RefusedConnection
from support.jupyter import TOKEN, JupyterProcess, Kernel, free_port
from support.peers import Peer
from support.processes import is_open
from support.waiting import soon

from nbsocket.command.doctor import examine

PAGE = (Path(__file__).parent.parent.parent / "docs" / "deployment.md").read_text()
(FILE,) = re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("jupyter lab")
]
# Where its file would stand: within the block that Debian's nginx.conf includes it into.
AROUND = """
daemon off; error_log {root}/error.log; pid {root}/nginx.pid;
events {{}}
http {{
  access_log {root}/access.log; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  include {root}/jupyter.conf;
}}
"""
SERVER = """
import nbsocket
io = nbsocket.Server("lecture")
@io.on("who")
def who(socket):
    return socket.handshake.address
class_ = io.open_class()
ticket = io.ticket()
print(class_.link, ticket.link, ticket.value)
"""

pytestmark = pytest.mark.promise(15)


class Place:
    """This machine in the place of the two names: a port for each, a certificate for all."""

    def __init__(self, root):
        self.root = root
        self.jupyter, self.phones = free_port(), free_port()
        self.outside, self.outside_class = free_port(), free_port()
        self.jupyter_url = f"https://127.0.0.1:{self.outside}/jupyter/"
        self.class_url = f"https://127.0.0.1:{self.outside_class}/"
        certificate = trustme.CA().issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(root / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(root / "cert.pem")

    def here(self, text):
        """Put this machine's names, ports and files in the place of those in the documentation."""
        listens = iter((self.outside, self.outside_class))
        text = re.sub(r"listen 443 ssl", lambda _: f"listen 127.0.0.1:{next(listens)} ssl", text)
        text = re.sub(r"/etc/ssl/certs/\S+?\.pem", str(self.root / "cert.pem"), text)
        text = re.sub(r"/etc/ssl/private/\S+?\.key", str(self.root / "key.pem"), text)
        text = text.replace("/var/log/nginx", str(self.root))
        text = text.replace("https://class.example.org/", self.class_url)
        return text.replace(":8888", f":{self.jupyter}").replace(":9000", f":{self.phones}")

    @contextlib.contextmanager
    def nginx(self, change=lambda text: text):
        """Run nginx with the documentation's file, perhaps changed."""
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        (self.root / "nginx.conf").write_text(AROUND.format(root=self.root))
        (self.root / "jupyter.conf").write_text(change(self.here(FILE)))
        process = subprocess.Popen([program, "-c", str(self.root / "nginx.conf"), "-p", str(self.root)])
        try:
            soon(lambda: is_open(self.outside), why="nginx does not listen")
            yield
        finally:
            process.terminate()
            process.wait(10)

    def lab(self, command, **options):
        """Run the documentation's command."""
        words = self.here(command).split()[2:]
        base = next((one.partition("=")[2] for one in words if one.startswith("--ServerApp.base_url")), "/")
        # So that a silent connection need not be watched for half a minute.
        words += ["--NbSocketApp.ping_interval=6"]
        own = tuple(one for one in words if not one.startswith("--ServerApp.base_url"))
        return JupyterProcess(
            self.root / "work", base_url=base, app="lab", port=self.jupyter, options=own, **options
        )


@pytest.fixture
def place(tmp_path, monkeypatch):
    for name in ("RUNTIME", "DATA", "CONFIG"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / "work" / f".{name.lower()}"))
    (tmp_path / "work").mkdir()
    return Place(tmp_path)


BEHIND_NGINX = next(one for one in COMMANDS if "base_url" in one)


def test_both_doors_behind_the_file_as_it_stands(place, jp_asyncio_loop):
    async def walk(jupyter):
        async with Kernel(jupyter) as kernel:
            said = await kernel.run(SERVER)
            assert not said.error, said
            class_link, ticket_link, value = said.text.split()
            assert class_link.startswith(f"{place.class_url}nbsocket/lecture/join#code=")
            assert ticket_link.startswith(f"{place.class_url}nbsocket/lecture/join#code=")
            for url, base in ((place.class_url, "/"), (place.jupyter_url, "/jupyter/")):
                server = SimpleNamespace(base_url=base, url=url, is_trusted=False)
                for transports in (("websocket",), ("polling",), ("polling", "websocket")):
                    async with Peer(server, "lecture", value, transports) as peer:
                        assert await peer.call("who") == "127.0.0.1"
            return value

    with place.lab(BEHIND_NGINX) as jupyter, place.nginx():
        value = jp_asyncio_loop.run_until_complete(walk(jupyter))
        report = examine(place.jupyter_url, TOKEN)
        assert report.is_well, report
        assert "lasts 7 s or longer" in str(report)
    # Also where nothing answers: what nginx writes of that holds the address.
    with place.nginx():
        asked = SimpleNamespace(base_url="/jupyter/", url=place.jupyter_url, is_trusted=False)
        with pytest.raises(RefusedConnection):
            jp_asyncio_loop.run_until_complete(Peer(asked, "lecture", value, ("polling",)).__aenter__())
    logs = "".join(path.read_text() for path in place.root.glob("*.log"))
    assert "/jupyter/api" in logs, "it does write a log"
    assert value not in logs
    assert "join_token" not in logs


def without(*directives):
    def change(text):
        for one in directives:
            text = re.sub(rf"^ *{one} .*;\n", "", text, flags=re.MULTILINE)
        return text

    return change


def applied(fix, text):
    """Do what the doctor says of nginx: put its lines into the block for Jupyter, for those that are there."""
    assert "(nginx):  " in fix, fix
    for line in map(str.strip, re.findall(r"[^;]+;", fix.partition("(nginx):  ")[2])):
        name = re.match(r"proxy_set_header \S+|\S+", line)[0]
        if name == "proxy_pass":
            block = re.search(r"location /jupyter/ \{.*?\}", text, re.DOTALL)[0]
            text = text.replace(block, re.sub(r"proxy_pass .*;", line, block))
        else:
            first, second = text.split("# The class", 1)
            first = without(re.escape(name))(first)
            first = first.replace("  # Longer than", f"  {line}\n  # Longer than")
            text = f"{first}# The class{second}"
    return text


WORLDS = {
    "drops the upgrade": without("proxy_set_header Upgrade", "proxy_set_header Connection"),
    "does not pass on which host": without("proxy_set_header Host"),
    "is cut after 5 s": lambda text: text.replace("proxy_read_timeout 60s", "proxy_read_timeout 5s"),
    "off each address": lambda text: re.sub(
        r"(location /jupyter/ \{\s*proxy_pass http://127.0.0.1:\d+);", r"\1/;", text
    ),
    "nothing behind it": lambda text: re.sub(
        r"(location /jupyter/ \{\s*proxy_pass http://127.0.0.1):\d+;", rf"\1:{free_port()};", text
    ),
}


@pytest.mark.timeout(240)
def test_the_doctor_names_what_is_wrong_and_what_it_says_helps(place, monkeypatch):
    """In each of five worlds it finds one fault; with the lines that it names in the file it finds none."""
    monkeypatch.setattr("nbsocket.command.server_checks._LONGEST_IDLE_S", 6.0)
    with place.lab(BEHIND_NGINX):
        for words, broken in WORLDS.items():
            with place.nginx(broken):
                report = examine(place.jupyter_url, TOKEN)
            ((what, fix),) = [(one.what, one.fix) for one in report.faults]
            assert words in what
            with place.nginx(lambda text, broken=broken, fix=fix: applied(fix, broken(text))):
                again = examine(place.jupyter_url, TOKEN)
            assert again.is_well, (words, fix, again)


def test_a_jupyter_that_does_not_know_its_prefix(place, monkeypatch):
    monkeypatch.setattr("nbsocket.command.server_checks._LONGEST_IDLE_S", 1.0)
    forgotten = BEHIND_NGINX.replace(" --ServerApp.base_url=/jupyter/", "")
    with place.nginx():
        with place.lab(forgotten):
            ((what, fix),) = [(one.what, one.fix) for one in examine(place.jupyter_url, TOKEN).faults]
        assert "Jupyter's base URL is /." in what
        (option,) = re.findall(r"--ServerApp\.base_url=\S+", fix)
        with place.lab(f"{forgotten} {option}"):
            assert examine(place.jupyter_url, TOKEN).is_well


def test_nothing_runs_at_all(place, monkeypatch):
    monkeypatch.setattr("nbsocket.command.server_checks._LONGEST_IDLE_S", 1.0)
    with place.nginx():
        (fault,) = [one for one in examine(place.jupyter_url, TOKEN).faults if "behind" in one.what]
        assert fault.fix.startswith("jupyter lab --ServerApp.port=PORT --ServerApp.base_url=/jupyter/")
        with place.lab(BEHIND_NGINX):
            assert examine(place.jupyter_url, TOKEN).is_well


def test_the_class_port_alone_as_it_stands(place, jp_asyncio_loop):
    command = next(one for one in COMMANDS if "base_url" not in one)

    async def walk(jupyter):
        async with Kernel(jupyter) as kernel:
            said = await kernel.run(SERVER)
            class_link, _, value = said.text.split()
            assert re.match(rf"http://[\d.]+:{place.phones}/nbsocket/lecture/join#code=", class_link)
            server = SimpleNamespace(base_url="/", url=f"http://127.0.0.1:{place.phones}/")
            async with Peer(server, "lecture", value, ("websocket",)) as peer:
                assert await peer.call("who") == "127.0.0.1"

    with place.lab(command) as jupyter:
        jp_asyncio_loop.run_until_complete(walk(jupyter))
