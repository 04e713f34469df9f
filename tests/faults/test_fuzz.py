"""Bytes that nobody should send, at the public door of a live server, while a class goes on."""

import asyncio
import contextlib
import os
import random
import time
from urllib.parse import urlsplit

import pytest
from support.jupyter import JupyterProcess, Kernel
from support.processes import descriptors, memory_kib
from support.wire import Wire

# make soak: ten minutes.
# Who opens a session and vanishes is soon forgotten: what is left at the end is growth.
OPTIONS = (
    "--NbSocketApp.max_clients=5000",
    "--NbSocketApp.connect_timeout=3",
    "--NbSocketApp.ping_interval=5",
    "--NbSocketApp.ping_timeout=5",
)
SECONDS = float(os.environ.get("NBSOCKET_FUZZ_S", "8"))
ATTACKERS = 8
SERVER = """
import nbsocket
io = nbsocket.Server("fuzzed")

@io.on("echo")
def echo(socket, *args):
    return args
"""
UPGRADE = (
    "GET {path}?EIO=4&transport=websocket&join_token={ticket} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TEXTS = [
    "40",
    '42["echo",1]',
    '420["echo"]',
    "41",
    "42[",
    '451-["echo",{"_placeholder":true,"num":0}]',
    "2",
    "3",
    "2probe",
    "5",
    "1",
    "4" + "[" * 5000,
    '42["\\ud800"]',
    "40/" + "n" * 3000,
    "\x00",
    "",
]
QUERIES = [
    "EIO=4",
    "EIO=4",
    "EIO=4&EIO=4",
    "EIO=3",
    "EIO=%00",
    "transport=polling",
    "transport=polling",
    "transport=websocket",
    "transport=x",
    "sid=x",
    "sid=" + "s" * 3000,
    "join_token=%ff%fe",
    "j=1",
]


class Attacker:
    """Sends what it likes."""

    def __init__(self, url, ticket, seed):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self.path = f"{parts.path}nbsocket/fuzzed/socket.io/"
        self.ticket = ticket
        self.chance = random.Random(seed)
        self.sent = 0

    def noise(self, longest=200):
        return self.chance.randbytes(self.chance.randrange(longest))

    def frame(self):
        """A client's frame, good or bad."""
        chance = self.chance
        kind = chance.random()
        if kind < 0.3:
            return self.noise()
        body = chance.choice(TEXTS).encode() if kind < 0.8 else self.noise(2000)
        first = chance.choice(
            [0x81, 0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8A, 0xF1, 0x83, chance.randrange(256)]
        )
        masked = 0x80 if chance.random() < 0.9 else 0
        size = len(body)
        claimed = size if chance.random() < 0.9 else chance.choice([0, 1, 65535, 2**31, 2**63])
        if claimed < 126:
            head = bytes([first, masked | claimed])
        elif claimed < 65536:
            head = bytes([first, masked | 126]) + claimed.to_bytes(2, "big")
        else:
            head = bytes([first, masked | 127]) + claimed.to_bytes(8, "big")
        if masked:
            mask = self.noise(5).ljust(4, b"\0")[:4]
            body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(body))
            head += mask
        return head + body

    def request(self):
        """An HTTP request, good or bad."""
        chance = self.chance
        options = [*QUERIES, f"join_token={self.ticket}", f"join_token={self.ticket}"]
        query = "&".join(chance.choices(options, k=chance.randrange(6)))
        method = chance.choice(["GET", "POST", "POST", "OPTIONS", "PUT", "HEAD", "BREW", "get"])
        body = chance.choice(
            [b"", "\x1e".join(chance.choices(TEXTS, k=3)).encode(), self.noise(3000), b"b!!"]
        )
        size = len(body) if chance.random() < 0.9 else chance.choice([0, 10**9, -1, "x"])
        path = chance.choice([self.path, self.path, self.path[:-1], self.path + "..%2f", self.path + "%00"])
        kind = chance.choice(["text/plain", "application/json", "multipart/form-data; boundary=x", "\x7f"])
        head = (
            f"{method} {path}?{query} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {size}\r\n\r\n"
        )
        return head.encode("latin-1", "replace") + body

    async def attack(self):
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            if self.chance.random() < 0.6:
                host = f"{self.host}:{self.port}"
                writer.write(UPGRADE.format(path=self.path, ticket=self.ticket, host=host).encode())
                await asyncio.wait_for(reader.read(4096), 2)
                if self.chance.random() < 0.7:
                    writer.write(b"\x81\x82\0\0\0\x0040")
                for _ in range(self.chance.randrange(12)):
                    writer.write(self.frame())
                    self.sent += 1
            else:
                writer.write(self.request())
                self.sent += 1
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(reader.read(4096), self.chance.random() * 0.05)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    async def go_on(self, until):
        while time.monotonic() < until:
            await self.attack()


@pytest.mark.threat(16)
@pytest.mark.timeout(120 + SECONDS)
async def test_nonsense_hurts_nobody_else(tmp_path, figure):
    loop = asyncio.get_running_loop()
    with JupyterProcess(tmp_path, options=OPTIONS) as jupyter:
        pid = jupyter.process.pid
        async with Kernel(jupyter) as kernel:
            assert not (await kernel.run(SERVER)).error
            ticket = await loop.run_in_executor(None, jupyter.ticket, "fuzzed", "owner", SECONDS + 600)
            attackers = [Attacker(jupyter.url, ticket, seed) for seed in range(ATTACKERS)]
            # What is made once must not count as growth.
            await asyncio.gather(
                *[one.go_on(time.monotonic() + max(3, min(30, SECONDS / 10))) for one in attackers]
            )
            async with Wire(jupyter, "fuzzed", ticket).websocket() as good:
                await good.send("40")
                assert (await good.next()).startswith("40")
                before, handles = memory_kib(pid), descriptors(pid)
                until = time.monotonic() + SECONDS
                storm = asyncio.gather(*[one.go_on(until) for one in attackers])
                slowest, echoes = 0.0, 0
                while time.monotonic() < until:
                    began = time.monotonic()
                    await good.send(f'42{echoes}["echo",{echoes}]')
                    assert await good.next() == f"43{echoes}[{echoes}]"
                    slowest, echoes = max(slowest, time.monotonic() - began), echoes + 1
                    await asyncio.sleep(0.005)
                await storm
                while len((await kernel.value("io.stats()"))["sessions"]) > 1:
                    assert time.monotonic() < until + 60
                    await asyncio.sleep(0.5)
                    await good.send('427["echo",7]')
                    assert await good.next() == "437[7]"
                grown = memory_kib(pid) - before
                stats = await kernel.value("io.stats()")
        log = jupyter.log.read_text()
        sent = sum(one.sent for one in attackers)
        figure(
            f"{sent} broken things in {SECONDS:g} s; {echoes} echoes beside them, the slowest {slowest * 1000:.0f} ms;"
        )
        figure(
            f"memory {grown:+} KiB, descriptors {handles} -> {descriptors(pid)}; ended {stats['traffic']['ended']}"
        )
        assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:3000]
        assert "Uncaught" not in log
        assert grown < 8 * 1024
        assert slowest < 5
