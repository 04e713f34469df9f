"""``io.wire()``: what goes over the wire, live: ladder, frames, bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from nbsocket.link.agreement import ENGINE_IO, WIRE
from nbsocket.widgets.saved import SavedWidget, number_of, numbers_of, rows_of, table_of, text_of
from nbsocket.widgets.view import LinkedView

if TYPE_CHECKING:
    from nbsocket.carriers.interface import Carrier

MOST_MARKS = 200
STATIC = Path(__file__).parent.parent / "static"


class Wire(LinkedView, SavedWidget):
    """A view of one channel's packets, provided by the Jupyter server and not by the kernel."""

    opens = frozenset({WIRE, ENGINE_IO})
    what_it_is = "The wire view"
    _esm = STATIC / "wire.js"
    _css = STATIC / "wire.css"

    channel = traitlets.Unicode(read_only=True, help="The channel that it shows.").tag(sync=True)

    def __init__(self, channel: str, carrier: Carrier) -> None:
        """Made by ``Server.wire``."""
        super().__init__(carrier, channel=channel)

    def picture(self, content: dict[str, Any]) -> str:
        """Return counters, the ladder diagram and the latest packets."""
        counts = ", ".join(
            f"{number_of(content.get(name)):,.0f} {name.replace('_', ' ')}"
            for name in ("seen", "left_out", "crossings")
        )
        rows = [
            {**row, "": {"in": "→", "out": "←"}.get(str(row.get("direction")), "•")}
            for row in rows_of(content)
        ]
        table = table_of(["time", "client", "", "size", "kind", "text"], rows)
        title = f"<b>Wire of {text_of(self.channel)}</b>, as it was when the notebook was saved"
        return f"<p>{title}: {counts}</p>{_ladder(content)}{table}"


def _ladder(content: dict[str, Any]) -> str:
    width, height = number_of(content.get("width")), number_of(content.get("height"))
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    style = 'style="max-width:100%;background:#fff"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style} role="img"><title>Ladder</title>']
    for lane in rows_of(content, "lanes"):
        x = number_of(lane.get("x"))
        label = text_of(lane.get("label"))
        parts.append(f'<line x1="{x}" y1="22" x2="{x}" y2="{height}" stroke="#bdbdbd"/>')
        parts.append(f'<text x="{x}" y="14" font-size="12" text-anchor="middle">{label}</text>')
    for bar in rows_of(content, "bars"):
        x, y, wide, high = numbers_of(bar, "box", 4)
        color = "#ffcc80" if bar.get("cell") is True else "#1b7f3b"
        parts.append(f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" fill="{color}"/>')
    for band in rows_of(content, "bands"):
        x1, x2, top, bottom, far_top, far_bottom = numbers_of(band, "box", 6)
        color = "#1565c0" if band.get("direction") == "in" else "#6a1b9a"
        corners = f"{x1},{top} {x2},{far_top} {x2},{far_bottom} {x1},{bottom}"
        # A little before the end, so that the counts of both directions do not overlap.
        x, y = x1 + 0.7 * (x2 - x1), 0.15 * (top + bottom) + 0.35 * (far_top + far_bottom)
        parts.append(
            f'<polygon class="band" points="{corners}" fill="{color}" fill-opacity="0.22"/>'
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="11" text-anchor="middle" fill="{color}">'
            f"{number_of(band.get('count')):,.0f} &times;</text>"
        )
    for arrow in rows_of(content, "arrows"):
        x1, y1, x2, y2 = numbers_of(arrow, "line", 4)
        color = "#1565c0" if arrow.get("direction") == "in" else "#6a1b9a"
        dash = "" if arrow.get("exact") is True else ' stroke-dasharray="4 3"'
        parts.append(
            f'<line class="arrow" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{color}"{dash}/>'
            f'<circle cx="{x2}" cy="{y2}" r="2.5" fill="{color}"/>'
        )
    marks = content.get("marks")
    for mark in marks[-MOST_MARKS:] if isinstance(marks, list) else []:
        x, y = numbers_of({"at": mark}, "at", 2)
        parts.append(f'<path class="crossing" d="M{x} {y - 4}l4 4l-4 4l-4 -4z" fill="#c62828"/>')
    return "".join(parts) + "</svg>"
