"""``nbsocket/api/channels/<channel>/bench/…``: a bench's events by polling and by server-sent events.

Part of the admin API, since only the notebook's own pages ask.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from nbsocket.extension.doors import AdminHandler
from nbsocket.gateway.bench_meter import Bench, Count, WriteMeter, events_json, head_bytes

if TYPE_CHECKING:
    from nbsocket.gateway.hub import Hub, HubChannel

_LONG_POLL_S = 25.0
_MAX_RUN = 40


class BenchHandler(AdminHandler):
    """All ways of getting events except the WebSocket, which uses the public routes."""

    def initialize(self, hub: Hub) -> None:
        """Store the route's arguments."""
        self._hub = hub
        self._meter: WriteMeter | None = None
        self._count: Count | None = None
        self._body_bytes = 0
        self._added_bytes = 0
        self._is_gone = False

    @web.authenticated
    @authorized
    async def get(self, name: str, way: str) -> None:
        """Answer a page: events by ``poll``, ``long`` or ``sse``, or with ``counts`` what these took.

        Query: ``run`` is the page's run, ``since`` the last event that it has.
        """
        channel = self._hub.channels.get(name)
        bench = channel.bench if channel else None
        if channel is None or bench is None:
            raise web.HTTPError(404, f"No bench runs on the channel {name!r} at the moment.")
        run = self.get_query_argument("run", "")[:_MAX_RUN]
        self.set_header("Cache-Control", "no-store")
        if way == "counts":
            await self.finish(json.dumps(bench.counts(run, channel.sessions)))
            return
        since = self._since(bench)
        count = bench.count(run, way)
        self._begin(count)
        if way == "sse":
            await self._stream(channel, bench, since)
            return
        found = bench.since(since) if way == "poll" else await bench.wait_since(since, _LONG_POLL_S)
        count.empty += not found
        text = events_json(found, bench.newest)
        self._body_bytes = len(text)
        if not self._is_gone:
            await self.finish(text)

    async def _stream(self, channel: HubChannel, bench: Bench, since: int) -> None:
        self.set_header("Content-Type", "text/event-stream")
        while not self._is_gone and channel.bench is bench:
            found = await bench.wait_since(since, _LONG_POLL_S)
            # A comment keeps proxies from closing an idle connection.
            text = "".join(f"data: {one}\n\n" for one in found) or ":\n\n"
            since = bench.newest
            self._body_bytes += len(text)
            try:
                self.write(text)
                await self.flush()
            except StreamClosedError:
                return
            self._settle()

    def _since(self, bench: Bench) -> int:
        text = self.get_query_argument("since", "")
        if not text:
            return bench.newest
        if not text.isascii() or not text.isdigit() or len(text) > 15:  # noqa: PLR2004 - enough for a page's life
            raise web.HTTPError(400, "since must be the number of an event.")
        return int(text)

    # --- counting ---------------------------------------------------------------------------

    def _begin(self, count: Count) -> None:
        self._count = count
        count.requests += 1
        count.header_bytes += head_bytes(self.request)
        connection: Any = self.request.connection
        self._meter = WriteMeter(connection.stream)

    def _settle(self) -> None:
        """Add what was written since the last time."""
        if self._meter is None or self._count is None:
            return
        written, self._meter.written_bytes = self._meter.written_bytes, 0
        self._count.payload_bytes += self._body_bytes
        self._count.header_bytes += written - self._body_bytes
        self._body_bytes = 0

    def on_finish(self) -> None:
        """Count the end, too."""
        self._settle()
        if self._meter is not None:
            self._meter.take_off()

    def on_connection_close(self) -> None:
        """Stop waiting for a page that is gone."""
        super().on_connection_close()
        self._is_gone = True
        self.on_finish()
