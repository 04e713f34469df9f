"""The settings: listed with their defaults, by our command and by Jupyter's own."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from support.jupyter import JupyterProcess
from traitlets.config import PyFileConfigLoader

from nbsocket.extension.app import NbSocketApp
from nbsocket.gateway.config import Limits

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
TRAITS = NbSocketApp.class_own_traits(config=True)

pytestmark = pytest.mark.promise(15)


def said_by(*command):
    return subprocess.run(
        [BIN / command[0], *command[1:]], capture_output=True, text=True, check=True
    ).stdout


def test_our_command_lists_all_with_their_defaults():
    listed = dict(
        re.findall(r"^# c\.NbSocketApp\.(\w+) = (.*)$", said_by("nbsocket", "settings"), re.MULTILINE)
    )
    assert listed == {name: repr(trait.default_value) for name, trait in TRAITS.items()}
    assert all(trait.help for trait in TRAITS.values())


def test_what_it_lists_is_a_configuration(tmp_path):
    text = re.sub(r"^# (c\.NbSocketApp)", r"\1", said_by("nbsocket", "settings"), flags=re.MULTILINE)
    (tmp_path / "jupyter_server_config.py").write_text(
        f"c = get_config()\n{text}\nc.NbSocketApp.max_clients = 7\n"
    )
    config = PyFileConfigLoader("jupyter_server_config.py", path=str(tmp_path)).load_config()
    app = NbSocketApp(config=config)
    assert app.max_clients == 7
    assert app.grace == Limits().grace


def test_jupyters_own_way_lists_all_with_their_defaults():
    said = said_by("jupyter", "nbsocket", "--help-all")
    for name, trait in TRAITS.items():
        assert re.search(
            rf"--NbSocketApp\.{name}=.*\n(?:    .*\n)*?    Default: {re.escape(repr(trait.default_value))}",
            said,
        ), name


def test_a_server_that_starts_has_nothing_to_say_against_it(tmp_path):
    with JupyterProcess(tmp_path) as jupyter:
        said = jupyter.log.read_text()
    assert "nbsocket" in said
    assert complaints(said) == []


def test_a_server_with_a_setting_that_there_is_not_says_so(tmp_path):
    with JupyterProcess(tmp_path, options=("--NbSocketApp.no_such_setting=1",)) as jupyter:
        said = complaints(jupyter.log.read_text())
    assert any("`no_such_setting` not recognized" in line for line in said), said


def complaints(log):
    """Return what is said about our settings, other than for information."""
    return [line for line in log.splitlines() if "NbSocketApp" in line and not line.startswith("[I ")]


def test_each_limit_is_a_setting():
    assert {field.name for field in fields(Limits)} <= set(TRAITS)


def test_the_documentation_lists_all():
    listed = re.findall(
        r"^\| `(\w+)` \| `(.*)` \|", (ROOT / "docs" / "deployment.md").read_text(), re.MULTILINE
    )
    assert dict(listed) == {name: repr(trait.default_value) for name, trait in TRAITS.items()}


@pytest.mark.parametrize(
    "text", ["class.example.org", "ftp://x/", "https://", "https://x/?a=1", "https://x/#a"]
)
def test_a_public_url_that_is_none_is_told(text):
    from traitlets import TraitError

    with pytest.raises(TraitError, match="is not an address such as"):
        NbSocketApp(public_url=text)
    assert NbSocketApp(public_url="https://x/y").public_url == "https://x/y/"
