"""How a server reaches its clients: through the Jupyter server, or on a port of its own process."""
