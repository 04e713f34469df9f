"""The gateway's handlers inside Jupyter, and the admin API."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from tornado import web

from nbsocket._version import __version__
from nbsocket.extension.doors import AdminHandler, AnonymousHandler
from nbsocket.gateway import public_handlers as gateway
from nbsocket.gateway.engineio_handler import EngineIOHandler
from nbsocket.gateway.stats import describe, stats
from nbsocket.gateway.ticket import FRAME, PAGE
from nbsocket.link.agreement import GUEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbsocket.gateway.hub import Hub, HubChannel

_DEFAULT_TTL_S = 4 * 3600.0
_SEAT = re.compile(r"[A-Za-z0-9_-]{0,32}")


class JupyterEngineIOHandler(EngineIOHandler, AnonymousHandler):
    """Engine.IO behind Jupyter's Host check."""

    get = allow_unauthenticated(EngineIOHandler.get)
    post = allow_unauthenticated(EngineIOHandler.post)
    options = allow_unauthenticated(EngineIOHandler.options)
    put = delete = patch = head = allow_unauthenticated(EngineIOHandler.put)


class JupyterClientBundleHandler(gateway.ClientBundleHandler, AnonymousHandler):
    """The client bundle behind Jupyter's Host check."""

    get = allow_unauthenticated(gateway.ClientBundleHandler.get)


class JupyterJoinHandler(gateway.JoinHandler, AnonymousHandler):
    """The join page behind Jupyter's Host check."""

    get = allow_unauthenticated(gateway.JoinHandler.get)
    post = allow_unauthenticated(gateway.JoinHandler.post)


class JupyterPageHandler(gateway.PageHandler, AnonymousHandler):
    """Pages behind Jupyter's Host check."""

    get = allow_unauthenticated(gateway.PageHandler.get)


class JupyterUnknownHandler(gateway.UnknownHandler, AnonymousHandler):
    """Everything else below ``nbsocket/``."""

    get = allow_unauthenticated(gateway.UnknownHandler.get)


class _ChannelsHandler(AdminHandler):
    def initialize(self, hub: Hub) -> None:
        """Store the route's arguments."""
        self.hub = hub

    def channel(self, name: str) -> HubChannel:
        """Return the channel.

        Raises:
            HTTPError: 404 if no kernel holds it.
        """
        channel = self.hub.channels.get(name)
        if channel is None:
            raise web.HTTPError(
                404,
                f"No kernel holds the channel {name!r} at the moment. "
                "Run the cell that creates its nbsocket.Server.",
            )
        return channel


class ChannelsHandler(_ChannelsHandler):
    """``GET nbsocket/api/channels``: all of them."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """List the channels, and what was refused, dropped or cut on all of them."""
        channels = self.hub.channels.values()
        listed = [describe(channel) for channel in channels]
        counters = asdict(self.hub.counters)
        self.finish(json.dumps({"channels": listed, "counters": counters}))


class ChannelHandler(_ChannelsHandler):
    """``GET nbsocket/api/channels/<channel>``: one of them."""

    @web.authenticated
    @authorized
    def get(self, name: str) -> None:
        """Return all figures of the channel: clients, queues, what was dropped and cut, the link."""
        self.finish(json.dumps(stats(self.channel(name))))


class VersionHandler(AdminHandler):
    """``GET nbsocket/api/version``: which version runs here, and how it can be reached."""

    def initialize(self, public_url: Callable[[], str], ping_interval: float) -> None:
        """Store the route's arguments."""
        self._public_url = public_url
        self._ping_interval = ping_interval

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Answer ``{version, public_url, ping_interval}``; give the page the cookie that POSTs need."""
        _ = self.xsrf_token
        said = {
            "version": __version__,
            "public_url": self._public_url(),
            "ping_interval": self._ping_interval,
        }
        self.finish(json.dumps(said))


class TicketsHandler(_ChannelsHandler):
    """``POST nbsocket/api/channels/<channel>/tickets``: mint one."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Answer ``{value, id, role, expires_at}``; body ``{"role": "guest", "ttl": seconds}``.

        With ``{"opens": "frame", "seat": seat}`` the ticket is for one session; the answer has a ``seat``.
        """
        kernel_id = self.channel(name).endpoint.kernel_id
        body = await self.json_body()
        role, ttl_s = body.get("role", GUEST), body.get("ttl", _DEFAULT_TTL_S)
        opens, seat = body.get("opens", PAGE), body.get("seat", "")
        if not isinstance(role, str) or not isinstance(ttl_s, (int, float)):
            raise web.HTTPError(400, "role must be a string and ttl a number of seconds.")
        if opens not in (PAGE, FRAME) or not isinstance(seat, str) or not _SEAT.fullmatch(seat):
            raise web.HTTPError(400, "opens must be 'page' or 'frame', and seat from an earlier answer.")
        tickets = self.hub.tickets
        try:
            if opens == FRAME:
                value, ticket = tickets.mint_for_frame(name, kernel_id, seat)
            else:
                value, ticket = tickets.mint(name, role, kernel_id, float(ttl_s))
        except ValueError as error:
            raise web.HTTPError(400, str(error)) from error
        answer = {
            "value": value,
            "id": ticket.id,
            "role": ticket.role,
            "expires_at": ticket.expires_at,
        }
        if ticket.seat:
            answer["seat"] = ticket.seat
        self.set_header("Cache-Control", "no-store")
        await self.finish(json.dumps(answer))


class TicketHandler(_ChannelsHandler):
    """``DELETE nbsocket/api/channels/<channel>/tickets/<id>``: revoke one, or all of a seat."""

    @web.authenticated
    @authorized
    def delete(self, name: str, ticket_id: str) -> None:
        """Revoke it and disconnect the clients that used it."""
        self.channel(name)
        self.hub.revoke(ticket_id)
        self.set_status(204)
        self.finish()
