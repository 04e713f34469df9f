"""How a server reaches its clients: through the Jupyter server, or by a port of its own process."""
