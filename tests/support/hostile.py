"""One hostile guest in a process of its own, whose share of a CPU is bounded: what it costs is the server's.

``python -m support.hostile NAME URL CHANNEL TICKET SECONDS CPU OPTIONS``, the last as JSON, prints ``ready`` when
it begins and a line of JSON when it has ended; SIGTERM ends it before its time.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import signal
import sys
import time
from collections import Counter
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from support.crowd import frame
from support.honest import Visitor, start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from typing import Self

    from support.jupyter import JupyterProcess

_SLICE = 65536
_CREDIT_S = 0.02
_READ_EVERY_S = 0.01
_ENDED = (OSError, EOFError, asyncio.TimeoutError)
_UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


class Guest(Visitor):
    """A client that reads all the time, and writes no faster than it is read."""

    def __init__(self, on_text: Callable[[str], None] | None = None) -> None:
        super().__init__(on_text)
        self._may_write = asyncio.Event()
        self._may_write.set()
        self.pause_writing, self.resume_writing = self._may_write.clear, self._may_write.set

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._opened.is_set():
            # Many small messages at once cost it less.
            self.pause()
            asyncio.get_running_loop().call_later(_READ_EVERY_S, self.go_on)

    async def write(self, data: bytes) -> None:
        """Write frames; raise a ConnectionError once the server has cut it."""
        for at in range(0, len(data), _SLICE):
            if self.transport.is_closing():
                raise ConnectionError
            self.transport.write(data[at : at + _SLICE])
            await self._may_write.wait()


class Attack:
    """What all attacks share: where to, how much of a CPU, what was sent and what came back."""

    def __init__(self, url: str, channel: str, ticket: str, cpu: float, options: dict[str, Any]) -> None:
        self.url, self.channel, self.ticket, self.options = url, channel, ticket, options
        for one in (url, options.get("url", url)):
            assert urlsplit(one).hostname in ("127.0.0.1", "::1", "localhost"), one
        self.sent: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        # A little less, since what is read in the end is not made up for.
        self._cpu, self._owed_s = 0.95 * cpu, 0.0
        self._began = self._last = (time.process_time(), time.perf_counter())

    @property
    def report(self) -> dict[str, Any]:
        cpu_s, seconds = time.process_time() - self._began[0], time.perf_counter() - self._began[1]
        measured = {"seconds": round(seconds, 2), "cpu_share": round(cpu_s / seconds, 3)}
        return {**measured, "sent": dict(self.sent), "answers": dict(self.answers)}

    async def rest(self) -> None:
        """Sleep as long as the work since the latest call costs; hardly any unused time is saved up."""
        cpu_s, now = time.process_time(), time.perf_counter()
        earned_s = now - self._last[1] - (cpu_s - self._last[0]) / self._cpu
        self._owed_s = max(-_CREDIT_S, self._owed_s - earned_s)
        self._last = (cpu_s, now)
        await asyncio.sleep(max(0.0, self._owed_s))

    async def repeat(self, one: Callable[[], Awaitable[None]], clients: int) -> None:
        """Have so many clients (or as many as the options say) do it again and again, also when they are cut."""

        async def again() -> None:
            while True:
                try:
                    await one()
                except _ENDED as error:
                    said = str(error)
                    status = said[9:12] if said.startswith("HTTP/") else said[: 2 * said.startswith("44")]
                    self.answers[status or "cut"] += 1
                await self.rest()

        await asyncio.gather(*[again() for _ in range(self.options.get("clients", clients))])

    async def come(self, name: str = "") -> Guest:
        """Return a guest who is in: in the class if it has a name."""
        self.sent["connections"] += 1
        where: Any = SimpleNamespace(url=self.url)
        auth = json.dumps({"class": True, "name": name, "key": ""}) if name else ""
        guest = await Guest.come(where, self.channel, self.ticket, self._note, auth)
        self.answers["in"] += 1
        return guest

    def _note(self, text: str) -> None:
        self.answers[text[4 : text.index('"', 4)] if text.startswith('42["') else text[:2]] += 1

    def target(self, sid: str = "", transport: str = "polling") -> str:
        """Return a path of the Engine.IO route."""
        path = f"{urlsplit(self.url).path}nbsocket/{self.channel}/socket.io/?EIO=4&join_token={self.ticket}"
        return f"{path}&transport={transport}" + (f"&sid={sid}" if sid else "")


class Http:
    """One HTTP connection that is kept alive; a context manager."""

    def __init__(self, attack: Attack, url: str = "") -> None:
        self._attack, self._parts = attack, urlsplit(url or attack.url)

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def send(self, data: bytes) -> None:
        """Write no faster than it is read."""
        for at in range(0, len(data), _SLICE):
            self.writer.write(data[at : at + _SLICE])
            await self.writer.drain()
            await self._attack.rest()

    async def begin(self, line: str, size: int = 0, headers: str = "") -> None:
        """Send what stands before a body."""
        body = f"Content-Type: text/plain\r\nContent-Length: {size}\r\n" if size else ""
        await self.send(f"{line} HTTP/1.1\r\nHost: {self._parts.netloc}\r\n{headers}{body}\r\n".encode())

    async def ask(self, line: str, body: bytes = b"", headers: str = "") -> tuple[int, bytes]:
        """Send a request; return its answer's status and body."""
        await self.begin(line, len(body), headers)
        await self.send(body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        size = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        self._attack.answers[head[9:12].decode()] += 1
        return int(head[9:12]), await self.reader.readexactly(int(size or 0))

    async def end(self) -> None:
        """Read until the server closes it."""
        while data := await self.reader.read(_SLICE):
            if data.startswith(b"HTTP/1.1 "):
                self._attack.answers[data[9:12].decode()] += 1
        raise ConnectionError


async def _nothing(attack: Attack) -> None:
    """Use up the share of a CPU, and send nothing: what this does to others is the machine's doing."""
    while True:
        sum(range(20_000))
        await attack.rest()


async def _poll(attack: Attack, kind: bytes) -> None:
    """Post bodies of 1 MB with half a million packets each."""
    body = b"\x1e".join([b"3", *[kind] * 499_998])

    async def listen(http: Http, target: str) -> None:
        with contextlib.suppress(*_ENDED):
            while (await http.ask(f"GET {target}"))[0] == 200:
                pass

    async def one() -> None:
        async with Http(attack) as up, Http(attack) as down:
            status, opened = await down.ask(f"GET {attack.target()}")
            if status != 200:
                return
            target = attack.target(json.loads(opened[1:])["sid"])
            await up.ask(f"POST {target}", b"40")
            listening = asyncio.ensure_future(listen(down, target))
            try:
                while status == 200:
                    attack.sent["posts"] += 1
                    status, _ = await up.ask(f"POST {target}", body)
            finally:
                listening.cancel()

    await attack.repeat(one, clients=3)


async def _stream(
    attack: Attack,
    what: str,
    blocks: Sequence[bytes],
    each: int = 1,
    name: str = "",
    clients: int = 1,
    patience_s: float = 0.0,
) -> None:
    """Send blocks of ``each`` frames without end; ``patience_s`` is for those that a client is cut for."""

    async def one() -> None:
        guest = await attack.come(name)
        for block in itertools.cycle(blocks):
            await guest.write(block)
            attack.sent[what] += each
            if patience_s:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(guest.closed.wait(), patience_s)
            await attack.rest()

    await attack.repeat(one, clients)


async def _fragments(attack: Attack) -> None:
    """Send messages of 900,000 bytes, each byte in a frame of its own."""
    pieces = b"".join(b"\0\x81\0\0\0\0%c" % byte for byte in b'42["echo","%s"]' % (b"x" * 899_987))
    # The first is no continuation, the last is the end.
    await _stream(attack, "messages", [b"\x01" + pieces[1:-7] + b"\x80" + pieces[-6:]])


async def _half_open(attack: Attack) -> None:
    """Shake hands, by polling and WebSockets in turns, and stay without a word."""
    kept = contextlib.AsyncExitStack()

    async def one() -> None:
        async with Http(attack) as polling:
            while True:
                attack.sent["polling"] += 1
                await polling.ask(f"GET {attack.target()}")
                attack.sent["websocket"] += 1
                async with contextlib.AsyncExitStack() as stack:
                    http = await stack.enter_async_context(Http(attack))
                    line = f"GET {attack.target(transport='websocket')}"
                    if (await http.ask(line, headers=_UPGRADE))[0] == 101:
                        kept.push_async_exit(stack.pop_all())

    async with kept:
        await attack.repeat(one, clients=4)


async def _join_leave(attack: Attack) -> None:
    """Come under ever new names."""
    numbers = itertools.count(1)

    async def one() -> None:
        (await attack.come(f"bot {next(numbers)}")).leave()

    await attack.repeat(one, clients=10)


async def _answers(attack: Attack) -> None:
    """Answer by texts and choices in turns; options ``text``, ``choices`` and ``option`` are the class's."""
    known = {"text": "word", "choices": "vote", "option": "a", **attack.options}
    choice = [known["choices"], known["option"]]
    given = [one for number in range(500) for one in ([known["text"], f"answer {number}"], choice)]
    await _stream(attack, "answers", [frame(f"42{json.dumps(one)}") for one in given], name="bot")


async def _drawing(attack: Attack) -> None:
    """Draw the longest strokes; option ``event`` is the wall's."""
    points = [[number % 100 / 100, number / 500] for number in range(500)]
    stroke = [attack.options.get("event", "draw"), {"color": 1, "points": points}]
    await _stream(attack, "strokes", [frame(f"42{json.dumps(stroke)}")], name="bot")


async def _codes(attack: Attack) -> None:
    """Guess codes; with the option ``rotate`` each time from another address, or so it says."""
    chance = random.Random(7)

    async def one() -> None:
        async with Http(attack) as http:
            while True:
                address = ".".join(str(chance.randrange(1, 255)) for _ in range(3))
                headers = f"X-Real-Ip: 10.{address}\r\n" if attack.options.get("rotate") else ""
                code = "".join(chance.choices("23456789BCDFGHJKMNPQRTVWXZ", k=7))
                attack.sent["codes"] += 1
                await http.ask(f"POST {urlsplit(attack.url).path}nbsocket/join", code.encode(), headers)

    await attack.repeat(one, clients=4)


async def _public_port(attack: Attack) -> None:
    """Bodies, heads and connections without an end; option ``url`` is the port's, others say how many."""
    url, page = attack.options["url"], f"/nbsocket/{attack.channel}/page"
    counts = {"bodies": 6, "slow": 50, "idle": 200, **attack.options}

    async def body(http: Http) -> None:
        await http.begin(f"POST {page}", 90_000_000)
        for _ in range(89_000_000 // _SLICE):
            await http.send(bytes(_SLICE))
            attack.sent["body bytes"] += _SLICE

    async def slow(http: Http) -> None:
        http.writer.write(f"GET {page} HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".encode())
        while not http.reader.at_eof():
            await http.send(b"x")
            await asyncio.sleep(1)

    async def idle(http: Http) -> None:
        await http.ask(f"GET {page}")

    async def one(name: str, act: Callable[[Http], Awaitable[None]]) -> None:
        async with Http(attack, url) as http:
            attack.sent[name] += 1
            await act(http)
            await http.end()

    acts = {"bodies": body, "slow": slow, "idle": idle}
    await asyncio.gather(
        *[attack.repeat(partial(one, name, act), counts[name]) for name, act in acts.items()]
    )


def _frames(what: str, one: bytes, each: int) -> Callable[[Attack], Awaitable[None]]:
    return partial(_stream, what=what, blocks=[one * each], each=each)


def _bomb(text: str) -> Callable[[Attack], Awaitable[None]]:
    return partial(_stream, what="bombs", blocks=[frame(text)], patience_s=0.25)


ATTACKS: dict[str, Callable[[Attack], Awaitable[None]]] = {
    "nothing": _nothing,
    "poll-pong": partial(_poll, kind=b"3"),
    "poll-noop": partial(_poll, kind=b"6"),
    "ws-pong": _frames("pongs", frame("3"), 9000),
    "ws-ping": _frames("pings", b"\x89\x80\0\0\0\0", 10_000),
    "ws-fragments": _fragments,
    "lists": _frames("lists", frame(f'42["echo",[{"[]," * 333_000}[]]]'), 1),
    "escapes": _bomb('42["e",' + 65 * "[" + '"' + 16_000 * '\\"'),
    "deep": _bomb(f'42["echo",{"[" * 490_000}{"]" * 490_000}]'),
    "digits": _bomb(f'42["echo",{"1" * 900_000}]'),
    "connections": partial(_frames("events", frame('427["echo",1]'), 1000), clients=100),
    "half-open": _half_open,
    "join-leave": _join_leave,
    "answers": _answers,
    "drawing": _drawing,
    "codes": _codes,
    "public-port": _public_port,
}


async def _main(
    name: str, url: str, channel: str, ticket: str, seconds: str, cpu: str, options: str
) -> None:
    attack = Attack(url, channel, ticket, float(cpu), json.loads(options))
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    print("ready", flush=True)
    running = asyncio.ensure_future(ATTACKS[name](attack))
    ending = asyncio.ensure_future(stopped.wait())
    await asyncio.wait({running, ending}, timeout=float(seconds), return_when=asyncio.FIRST_COMPLETED)
    print(json.dumps({"attack": name, **attack.report}), flush=True)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


@contextlib.asynccontextmanager
async def hostile(
    name: str,
    jupyter: JupyterProcess,
    channel: str,
    ticket: str,
    *,
    seconds: float = 30.0,
    cpu: float = 0.3,
    **options: Any,
) -> AsyncIterator[dict[str, Any]]:
    """Attack while the block runs; the dict that this gives is filled when the block has ended.

    ``cpu`` is the share of one that it may use; ``seconds`` end it by themselves. Options are ``clients``, and
    what the attack's own function names.
    """
    process = await start("hostile", name, jupyter.url, channel, ticket, seconds, cpu, json.dumps(options))
    assert process.stdout is not None
    result: dict[str, Any] = {}
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"ready\n"
        yield result
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        result.update(json.loads(await asyncio.wait_for(process.stdout.readline(), 20)))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
