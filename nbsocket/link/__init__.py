"""The kernel link: the protocol between the Jupyter server and a kernel. RUNS ANYWHERE, without I/O.

``messages`` is the vocabulary, ``reliable`` adds sequence numbers, acknowledgement and credit,
``proof`` lets both ends prove that they hold the kernel's own key.
It knows nothing of the rest of nbsocket.
"""
