"""What students write against: RUNS IN THE KERNEL.

It speaks Socket.IO over a ``Carrier`` and never imports jupyter_server: a link to the Jupyter server, or
in a program of its own a gateway in the same process.
Threads live in the carriers and in ``runtime``, nowhere else.
"""
