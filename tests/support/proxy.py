"""A network that misbehaves: a proxy in this process, in Toxiproxy's words."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

_CHUNK_BYTES = 65536


@dataclass
class Toxics:
    """What happens to every connection; changes count from the next chunk on.

    Args:
        latency_s: Seconds that each chunk is held up.
        jitter_s: Up to so many seconds more, by chance; order is kept.
        bandwidth: Bytes a second in each direction; None for no limit.
        slicer: Bytes of the pieces that a chunk is cut into; None leaves it whole.
        limit_data: Called for each connection: after so many bytes it is reset; None never.
        blackhole: Take everything and pass nothing on.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bandwidth: float | None = None
    slicer: int | None = None
    limit_data: Callable[[], int | None] = field(default=lambda: None)
    blackhole: bool = False


class Proxy:
    """Listens on a port of its own and passes on to another.

    Args:
        port: Where to pass on to.
        toxics: What goes wrong on the way.
        seed: For its chances.
    """

    def __init__(self, port: int, toxics: Toxics | None = None, seed: int = 1) -> None:
        self.toxics = toxics or Toxics()
        self.cuts = 0
        self.connections = 0
        self.passed_bytes = 0
        self._target = port
        self._chance = random.Random(seed)
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection now."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            there_reader, there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, there}
        self._open |= ends
        left = [self.toxics.limit_data()]
        for one in (self._pump(reader, there, ends, left), self._pump(there_reader, writer, ends, left)):
            task = asyncio.ensure_future(one)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ends: set[asyncio.StreamWriter],
        left: list[int | None],
    ) -> None:
        toxics = self.toxics
        try:
            while data := await reader.read(_CHUNK_BYTES):
                if toxics.blackhole:
                    continue
                if toxics.latency_s or toxics.jitter_s:
                    await asyncio.sleep(toxics.latency_s + self._chance.random() * toxics.jitter_s)
                if left[0] is not None:
                    data, rest = data[: left[0]], data[left[0] :]
                    left[0] -= len(data)
                    if rest or left[0] == 0:
                        self.cuts += 1
                        self.passed_bytes += len(data)
                        writer.write(data)
                        # Let what was passed on go out before the line is cut.
                        await asyncio.sleep(0)
                        return
                await self._write(writer, data)
        except (ConnectionError, OSError):
            pass
        finally:
            for one in ends:
                one.transport.abort()
            self._open -= ends

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        toxics = self.toxics
        size = toxics.slicer or len(data)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            self.passed_bytes += len(piece)
            writer.write(piece)
            await writer.drain()
            if toxics.slicer:
                await asyncio.sleep(0)
            if toxics.bandwidth:
                await asyncio.sleep(len(piece) / toxics.bandwidth)
