"""``io.duplex_bench()``: the same events four ways, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from nbsocket.widgets.bench_source import MAX_RATE
from nbsocket.widgets.saved import SavedWidget, rows_of, table_of, text_of
from nbsocket.widgets.view import LinkedView

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier
    from nbsocket.widgets.bench_source import Source

STATIC = Path(__file__).parent.parent / "static"
_COLUMNS = ["way", "events", "requests", "empty", "header bytes", "payload bytes", "mean latency"]


class DuplexBench(LinkedView, SavedWidget):
    """Four ways to get the same events into a page, side by side, with what each takes."""

    what_it_is = "The bench"
    _esm = STATIC / "bench.js"
    _css = STATIC / "bench.css"

    channel = traitlets.Unicode(read_only=True, help="The channel that carries the events.").tag(sync=True)
    rate = traitlets.Float(read_only=True, help="Events a second.").tag(sync=True)
    interval = traitlets.Float(read_only=True, help="Seconds between two polls at first.").tag(sync=True)
    running = traitlets.Bool(read_only=True, help="Whether events are being sent.").tag(sync=True)

    def __init__(self, channel: str, carrier: Carrier, source: Source, interval: float) -> None:
        """Made by ``duplex_bench``."""
        super().__init__(carrier, channel=channel, rate=source.rate, interval=interval, running=False)
        self._source = source
        self.on_msg(self._page_asks)

    def start(self) -> None:
        """Start sending events."""
        self._source.start()
        self.set_trait("running", True)  # noqa: FBT003 - traitlets

    def stop(self) -> None:
        """Stop sending events."""
        self._source.stop()
        self.set_trait("running", False)  # noqa: FBT003 - traitlets

    def close(self) -> None:
        """Close the bench, and stop sending events."""
        self._source.stop()
        super().close()

    def picture(self, content: dict[str, Any]) -> str:
        """Return the figures as a table, with the summary."""
        said = text_of(content.get("said", ""))
        title = "<b>Duplex bench</b>, as it was when the notebook was saved"
        return f"<p>{title}: {said}</p>{table_of(_COLUMNS, rows_of(content))}"

    def _page_asks(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("type") == "start":
            self.start()
        elif content.get("type") == "stop":
            self.stop()
        elif content.get("type") == "rate":
            rate = content.get("rate")
            if isinstance(rate, (int, float)) and 0 < rate <= MAX_RATE:
                self._source.rate = float(rate)
                self.set_trait("rate", float(rate))
