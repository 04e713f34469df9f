"""The extension inside pytest-jupyter's server; strangers come from outside."""

from server.conftest import *  # noqa: F403 - the same server, the same desk
from server.test_doors import bare_fetch  # noqa: F401 - likewise
