"""The doctor in a well world and in broken ones: it names the fault and the line that fixes it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.jupyter import TOKEN, JupyterProcess, free_port
from support.nginx import UPGRADE, nginx

from nbsocket.command.doctor import examine
from nbsocket.command.findings import FAULT, GOOD, NOTE, Finding, Report
from nbsocket.gateway.public_port import address_of_this_machine


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Start servers whose runtime files are this process's own, too, so that they are found."""
    for name in ("RUNTIME", "DATA", "CONFIG"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / f".{name.lower()}"))
    # What the user says counts more than what the environment does, also in a virtual environment.
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")

    def start(**options):
        return JupyterProcess(tmp_path, **options)

    return start


def faults(report):
    return [(one.what, one.fix) for one in report.faults]


def test_a_well_world(world):
    with world(base_url="/a%40b/"):
        report = examine()
    assert report.is_well, report
    text = str(report)
    for words in (
        "✓ The front end is built.",
        "✓ The server extension is enabled",
        "✓ WebSockets get through.",
    ):
        assert words in text
    assert "• Phones cannot join" in text
    assert "--NbSocketApp.public_listen=0.0.0.0:9000" in text
    assert TOKEN not in text
    assert text.endswith("Nothing keeps nbsocket from working.")


def test_no_server(world):
    report = examine()
    assert faults(report) == [("No Jupyter server runs here.", "jupyter lab")]
    assert "Nothing answers" in str(examine(f"http://127.0.0.1:{free_port()}/"))


def test_the_extension_is_disabled(world, tmp_path):
    folder = tmp_path / ".config" / "jupyter_server_config.d"
    folder.mkdir(parents=True)
    disabled = {"ServerApp": {"jpserver_extensions": {"nbsocket": False}}}
    (folder / "nbsocket.json").write_text(json.dumps(disabled))
    with world():
        report = examine()
    found = faults(report)
    fix = "jupyter server extension enable --user nbsocket"
    assert found[0] == ("The server extension is disabled in this environment.", fix)
    assert "runs without the nbsocket extension" in found[1][0]
    assert "jupyter server extension enable nbsocket" in found[1][1]


def test_the_line_that_enables_it_does(world, tmp_path):
    folder = tmp_path / ".config" / "jupyter_server_config.d"
    folder.mkdir(parents=True)
    (folder / "nbsocket.json").write_text('{"ServerApp": {"jpserver_extensions": {"nbsocket": false}}}')
    program = Path(sys.executable).parent / "jupyter"
    fix = examine().faults[0].fix.split()
    subprocess.run([program, *fix[1:]], check=True, capture_output=True)
    with world():
        assert examine().is_well


def test_another_version(world, monkeypatch):
    monkeypatch.setattr("nbsocket.command.server_checks.__version__", "9.9.0")
    with world():
        ((what, fix),) = faults(examine())
    assert "The server runs nbsocket " in what
    assert "this environment has 9.9.0" in what
    assert "pip install nbsocket==9.9.0" in fix


def test_a_proxy_that_drops_the_upgrade(world, tmp_path):
    with (
        world() as jupyter,
        nginx(tmp_path / "bad", jupyter.port, "", "/") as bad,
        nginx(tmp_path / "good", jupyter.port, UPGRADE, "/") as good,
    ):
        ((what, fix),) = faults(examine(bad.url))
        assert examine(good.url).is_well
    assert "a proxy drops the upgrade" in what
    assert "proxy_set_header Upgrade $http_upgrade" in fix


def test_a_wrong_base_url(world):
    with world(base_url="/deep/down/") as jupyter:
        origin = f"http://127.0.0.1:{jupyter.port}/"
        for wrong in (origin, f"{origin}wrong/", f"{origin}deep"):
            ((what, fix),) = faults(examine(wrong))
            assert "its base URL is /deep/down/" in what
            assert fix == f"nbsocket doctor --url {origin}deep/down/"
            assert examine(fix.rpartition(" ")[2]).is_well


def test_a_wrong_token(world):
    with world() as jupyter:
        ((what, fix),) = faults(examine(jupyter.url, "wrong"))
    assert "does not accept this token" in what
    assert "jupyter server list" in fix


def test_phones_reach_a_port_of_the_class(world):
    with world(options=(f"--NbSocketApp.public_listen=0.0.0.0:{free_port()}",)):
        report = examine()
    assert report.is_well
    is_alone = address_of_this_machine().startswith("127.")
    assert ("Phones cannot join" in str(report)) is is_alone
    assert ("the class's own port" in str(report)) is not is_alone


def test_what_it_looks_like_and_its_status(world):
    report = Report([Finding(GOOD, "a"), Finding(NOTE, "b", "do b"), Finding(FAULT, "c", "do c")])
    assert "✓ a\n• b\n    → do b\n✗ c\n    → do c\n1 to fix, the first one first." in str(report)
    command = [sys.executable, "-m", "nbsocket.command.main", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "✗ No Jupyter server runs here.\n    → jupyter lab" in done.stdout
    with world():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_an_old_package_is_named(monkeypatch):
    import importlib.metadata

    real = importlib.metadata.version
    monkeypatch.setattr(
        "importlib.metadata.version", lambda name: "6.1.0" if name == "ipykernel" else real(name)
    )
    found = [one for one in examine().findings if "ipykernel" in one.what]
    assert found[0].state == FAULT
    assert found[0].fix == "pip install --upgrade ipykernel"


async def test_in_a_kernel(kernel):
    await kernel.run("import nbsocket")
    result = await kernel.run("report = nbsocket.doctor()\nprint(report)")
    assert not result.error, result.message
    assert "✓ The link to http://127.0.0.1" in result.text
    assert await kernel.value("report.is_well") is True
    broken = await kernel.run(
        "from unittest import mock\n"
        "with mock.patch('nbsocket.Server', side_effect=nbsocket.ExtensionNotLoadedError('It has none. Do this')):\n"
        "    print(nbsocket.doctor())"
    )
    assert "does not come up: It has none." in broken.text
    assert "→ Do this" in broken.text
