"""The Jupyter server extension: RUNS IN THE JUPYTER SERVER.

It mounts the gateway's public routes among Jupyter's own handlers
and adds the two entry points that only Jupyter has: the kernel link and the admin API.
"""
