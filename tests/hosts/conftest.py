"""Other hosts of notebooks, in an environment of their own over the tests'."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HOSTS = Path(os.environ.get("NBSOCKET_HOSTS", ROOT / ".make" / "hosts"))


def environment_of_hosts():
    """Return the environment variables under which the hosts' programs and their kernels run."""
    assert (HOSTS / "bin" / "papermill").exists(), "run  make .make/hosts  first"
    path = os.pathsep.join([str(HOSTS / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    environment.pop("NBSOCKET_URL", None)
    return environment


@pytest.fixture(scope="session")
def host_environment():
    return environment_of_hosts()
