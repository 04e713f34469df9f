"""The Jupyter server extension: RUNS IN THE JUPYTER SERVER.

It mounts the gateway's public door among Jupyter's own handlers
and adds the two doors that only Jupyter has: the kernel link and the admin API.
"""
