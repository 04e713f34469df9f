"""Counters: whatever is refused, dropped or cut is counted."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbsocket.gateway.hub import HubChannel

SAMPLE_EVERY_S = 1.0
RATE_SAMPLES = 10


@dataclass(slots=True)
class Counters:
    """Requests refused since the start, before a channel was known."""

    refused_ticket: int = 0
    refused_full: int = 0
    refused_no_kernel: int = 0
    refused_code: int = 0
    cut_half_open: int = 0


@dataclass(slots=True)
class Traffic:
    """The traffic of one channel since it was registered.

    Args:
        clients_opened: Clients that connected.
        messages_in: Engine.IO messages from clients.
        messages_out: Engine.IO messages to clients; one to each of ten clients counts ten.
        dropped_volatile: Volatile messages that a client was not ready for.
        dropped_at_close: Messages that were queued for a client when it left.
        dropped_without_kernel: Messages of clients that left while the kernel was away.
        cut_stalled: Clients that were cut because their backlog was full and they read nothing.
        cut_ticket: Clients that were cut because their ticket expired or was revoked.
        ended: Clients that left, by disconnect reason.
    """

    clients_opened: int = 0
    messages_in: int = 0
    messages_out: int = 0
    dropped_volatile: int = 0
    dropped_at_close: int = 0
    dropped_without_kernel: int = 0
    cut_stalled: int = 0
    cut_ticket: int = 0
    ended: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Rates:
    """The recent messages per second of a channel, sampled so that counting costs nothing extra.

    Args:
        samples: Seconds on a monotonic clock, messages in and messages out until then; the oldest first.
    """

    samples: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=RATE_SAMPLES))

    def note(self, now: float, traffic: Traffic) -> None:
        """Take a sample."""
        self.samples.append((now, traffic.messages_in, traffic.messages_out))

    def per_second(self, now: float, traffic: Traffic) -> dict[str, float]:
        """Return the rates from the oldest sample until now."""
        began, messages_in, messages_out = self.samples[0] if self.samples else (now, 0, 0)
        seconds = now - began
        if seconds <= 0:
            return {"in_per_s": 0.0, "out_per_s": 0.0}
        return {
            "in_per_s": round((traffic.messages_in - messages_in) / seconds, 1),
            "out_per_s": round((traffic.messages_out - messages_out) / seconds, 1),
        }


def describe(channel: HubChannel) -> dict[str, Any]:
    """Return a summary of a channel."""
    return {
        "name": channel.name,
        "kernel_id": channel.endpoint.kernel_id,
        "notebook": channel.notebook,
        "clients": len(channel.sessions),
        "pages": sorted(channel.pages),
    }


def stats(channel: HubChannel) -> dict[str, Any]:
    """Return all figures of a channel, as plain values that JSON and MessagePack can hold."""
    sessions = [
        {
            "session": session.number,
            "role": session.ticket.role,
            "transport": session.transport,
            "queued_bytes": session.outbox.queued_bytes,
            "dropped_volatile": session.outbox.dropped_count,
        }
        for session in sorted(channel.sessions, key=lambda one: one.number)
    ]
    return {
        **describe(channel),
        "link": {"attached": channel.endpoint.is_attached, "kernel_reads": channel.endpoint.writable},
        "queued_bytes": sum(session["queued_bytes"] for session in sessions),
        "traffic": asdict(channel.traffic),
        "troubles": channel.troubles.figures(),
        "rates": channel.rates.per_second(time.monotonic(), channel.traffic),
        "sessions": sessions,
    }
