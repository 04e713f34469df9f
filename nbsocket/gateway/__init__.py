"""The Engine.IO side: RUNS WHERE THE PORT IS, on that process's Tornado loop.

It accepts clients, keeps their sessions alive and carries opaque messages between them and a kernel.
It never reads a Socket.IO payload and never imports jupyter_server.
"""
