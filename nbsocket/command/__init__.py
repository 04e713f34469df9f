"""The ``nbsocket`` command: ``doctor`` and ``demo``. RUNS IN A SHELL; the doctor also in a kernel."""
