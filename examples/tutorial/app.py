"""The server of a first Socket.IO tutorial, as a program:  python app.py

It listens on the port that PORT names, or 3000. Open the address that it prints.
"""

from pathlib import Path

import nbsocket

io = nbsocket.Server("tutorial", open=True)


@io.on("connection")
def connected(socket):
    print("a new user:", socket.id, flush=True)
    # To this one user.
    socket.emit("newMessage", {"from": "server", "text": "Welcome!", "createdAt": 1})

    @socket.on("createMessage")
    def create_message(message):
        print("a message:", message, flush=True)
        # To everybody, and back to the sender as the acknowledgement.
        io.emit("newMessage", message)
        return "received"

    @socket.on("disconnect")
    def disconnected(reason):
        print("a user left:", reason, flush=True)


io.page(Path(__file__).with_name("client-side.html"))
io.run()
