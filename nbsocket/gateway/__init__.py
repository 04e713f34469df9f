"""The Engine.IO side: RUNS IN THE PROCESS THAT HAS THE PORT, on its Tornado loop.

It accepts clients, keeps their sessions alive and carries opaque messages between them and a kernel.
It never reads a Socket.IO payload and never imports jupyter_server.
"""
