"""What students write against: RUNS IN THE KERNEL.

It speaks Socket.IO over a ``Carrier`` and never imports jupyter_server.
Threads live in ``link_carrier`` and ``runtime``, nowhere else.
"""
