"""The kernel link: what the Jupyter server and a kernel say to each other. RUNS ANYWHERE, without I/O.

``messages`` is the vocabulary, ``reliable`` adds sequence numbers, acknowledgement and credit,
``proof`` lets both ends prove that they hold the kernel's own key.
It knows nothing of the rest of nbsocket.
"""
