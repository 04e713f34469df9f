"""The floors: a bare Tornado WebSocket that answers, and two of them in a row.

``python floor.py echo PORT`` and ``python floor.py relay PORT BACK_PORT`` (the one behind is an ``echo``).
No protocol, no sessions, no limits: what is left when all that is ours is taken away.
"""

import asyncio
import sys

from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

OPEN = '0{"sid":"x","upgrades":[],"pingInterval":600000,"pingTimeout":20000,"maxPayload":10000000}'


class Echo(WebSocketHandler):
    """Answers by cutting strings."""

    clients = set()

    def open(self):
        self.set_nodelay(True)
        self.write_message(OPEN)
        self.clients.add(self)

    def on_close(self):
        self.clients.discard(self)

    def on_message(self, message):
        if message == "40":
            self.write_message('40{"sid":"x"}')
        elif message.startswith('42["burst"'):
            count, size = (int(one) for one in message[11:-1].split(","))
            text = f'42["n","{"x" * size}"]'
            for _ in range(count):
                for client in self.clients:
                    client.write_message(text)
        else:
            at = message.index("[")
            self.write_message(f"43{message[2:at]}[{message[message.index(',') + 1 :]}")


class Relay(WebSocketHandler):
    """Passes every message on to the one behind, and back; clients are told apart by a number in front."""

    back = None
    clients = {}
    numbers = iter(range(10**9))

    def open(self):
        self.set_nodelay(True)
        self.number = next(self.numbers)
        self.clients[self.number] = self
        self.write_message(OPEN)

    def on_close(self):
        del self.clients[self.number]

    def on_message(self, message):
        self.back.write_message(f"{self.number}:{message}")

    @classmethod
    def answered(cls, message):
        if message is not None:
            number, _, text = message.partition(":")
            client = cls.clients.get(int(number))
            if client is not None:
                client.write_message(text)


class Behind(WebSocketHandler):
    """The far end of the relay."""

    def open(self):
        self.set_nodelay(True)

    def on_message(self, message):
        number, _, text = message.partition(":")
        if text == "40":
            self.write_message(f'{number}:40{{"sid":"x"}}')
        else:
            at = text.index("[")
            self.write_message(f"{number}:43{text[2:at]}[{text[text.index(',') + 1 :]}")


async def main():
    kind, port = sys.argv[1], int(sys.argv[2])
    handler = {"echo": Echo, "behind": Behind, "relay": Relay}[kind]
    Application([(r"/.*", handler)], websocket_max_message_size=10_000_000).listen(port, "127.0.0.1")
    if kind == "relay":
        Relay.back = await websocket_connect(
            f"ws://127.0.0.1:{sys.argv[3]}/",
            on_message_callback=Relay.answered,
            max_message_size=10_000_000,
        )
        Relay.back.protocol.stream.set_nodelay(True)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
