"""Prometheus metrics on Jupyter's own ``/metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from nbsocket.gateway.hub import Hub

_DROPPED = ("dropped_volatile", "dropped_at_close", "dropped_without_kernel")
_CUT = ("cut_stalled", "cut_ticket")


class Metrics(Collector):
    """Reads the hub's counters on request; counts nothing itself.

    Channel names are labels: only those that kernels hold, not those that strangers ask for.

    Args:
        hub: The hub to read.
    """

    def __init__(self, hub: Hub) -> None:
        """Read from ``hub``; call ``register`` to publish."""
        self._hub = hub

    def register(self) -> None:
        """Publish on Jupyter's ``/metrics``."""
        REGISTRY.register(self)

    def unregister(self) -> None:
        """Stop publishing."""
        REGISTRY.unregister(self)

    def describe(self) -> Iterator[Metric]:
        """Return nothing: there are no channels yet when this is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Return the current figures."""
        clients = GaugeMetricFamily("nbsocket_clients", "Clients connected.", labels=["channel"])
        queued = GaugeMetricFamily(
            "nbsocket_queued_bytes", "Bytes that wait for clients.", labels=["channel"]
        )
        attached = GaugeMetricFamily(
            "nbsocket_kernel_attached", "Whether the kernel's link is up.", labels=["channel"]
        )
        messages = CounterMetricFamily(
            "nbsocket_messages", "Messages carried.", labels=["channel", "direction"]
        )
        dropped = CounterMetricFamily("nbsocket_dropped", "Messages dropped.", labels=["channel", "reason"])
        cut = CounterMetricFamily("nbsocket_cut", "Clients cut.", labels=["channel", "reason"])
        for name, channel in self._hub.channels.items():
            traffic = channel.traffic
            clients.add_metric([name], len(channel.sessions))
            queued.add_metric([name], sum(session.outbox.queued_bytes for session in channel.sessions))
            attached.add_metric([name], int(channel.endpoint.is_attached))
            messages.add_metric([name, "in"], traffic.messages_in)
            messages.add_metric([name, "out"], traffic.messages_out)
            for field in _DROPPED:
                dropped.add_metric([name, field.removeprefix("dropped_")], getattr(traffic, field))
            for field in _CUT:
                cut.add_metric([name, field.removeprefix("cut_")], getattr(traffic, field))
        refused = CounterMetricFamily("nbsocket_refused", "Clients refused.", labels=["reason"])
        counters = self._hub.counters
        refused.add_metric(["ticket"], counters.refused_ticket)
        refused.add_metric(["full"], counters.refused_full)
        refused.add_metric(["no_kernel"], counters.refused_no_kernel)
        refused.add_metric(["code"], counters.refused_code)
        yield from (clients, queued, attached, messages, dropped, cut, refused)
