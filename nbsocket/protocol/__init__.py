"""Engine.IO v4 and Socket.IO v5 without I/O: RUNS ANYWHERE.

Nothing in this folder opens a socket, reads a clock or draws a random number:
bytes, the time and identifiers come in as arguments, packets and ``Incoming`` values go out.
It imports nothing else of nbsocket.
"""
