"""A live view of a class's results: bars, words, a table, a wall of strokes.

What it shows travels as messages, which no notebook keeps; what stays is its saved picture.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from nbsocket.widgets.saved import SavedWidget, number_of, rows_of, table_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import Self

    from nbsocket.kernel.runtime import HandlerThread

STATIC = Path(__file__).parent.parent / "static"
KINDS = ("bars", "words", "table", "wall")
MOST = 300
"""Bars, words or rows that a board shows; of more, the first."""

MAX_POINTS = 500
COLORS = 8
MOST_POINTS = 60_000
"""Points of strokes that a wall keeps; of more, the latest."""

MOST_POINTS_AT_ONCE = 2_000
"""Points of strokes that are told in one go; the others follow, so that drawing costs a bounded share."""

_FLUSH_S = 0.15
_LONGEST = 200


class Board(SavedWidget):
    """Results, live, in the notebook; on the phones only while revealed."""

    _esm = STATIC / "board.js"
    _css = STATIC / "board.css"

    kind = traitlets.Unicode(read_only=True, help="bars, words, table or wall.").tag(sync=True)
    title = traitlets.Unicode(read_only=True, help="What stands above it.").tag(sync=True)

    def __init__(
        self, kind: str, title: str, handlers: HandlerThread, tell: Callable[[str, Any], None]
    ) -> None:
        """Made by a class.

        Raises:
            ValueError: There is no such kind.
        """
        if kind not in KINDS:
            msg = f"{kind!r} is no kind of board: {', '.join(KINDS)}"
            raise ValueError(msg)
        super().__init__()
        self.id = secrets.token_hex(4)
        self.set_trait("kind", kind)
        self.set_trait("title", str(title))
        self.is_revealed = False
        self._data: list[Any] = []
        self._points = 0
        self._more: list[Any] | None = None
        self._handlers = handlers
        self._tell = tell
        self._lock = threading.Lock()
        self._is_due = False
        self.on_msg(self._view_came)

    def update(self, data: Mapping[Any, float] | Iterable[Mapping[str, Any]]) -> Self:
        """Show this from now on; it is drawn a few times a second at most.

        Args:
            data: For bars and words numbers by label; for a table rows, each a dict; for a wall strokes.

        Raises:
            TypeError: It is something else.
        """
        shown = _shown(self.kind, data)
        with self._lock:
            self._data, self._more = shown, None
            self._points = sum(len(one.get("points", ())) for one in shown) if self.kind == "wall" else 0
        self._later()
        return self

    def add(self, stroke: Mapping[str, Any]) -> Self:
        """Add a stroke to a wall.

        Raises:
            TypeError: This is not a wall.
            ValueError: That is not a stroke.
        """
        if self.kind != "wall":
            msg = f"add() is for a wall; this board shows {self.kind}: use update()"
            raise TypeError(msg)
        drawn = stroke_of(stroke)
        with self._lock:
            self._data.append(drawn)
            self._points += len(drawn.get("points", ()))
            while self._points > MOST_POINTS and len(self._data) > 1:
                self._points -= len(self._data.pop(0).get("points", ()))
            if self._more is None and not self._is_due:
                self._more = []
            if self._more is not None:
                self._more.append(drawn)
                if len(self._more) > len(self._data):
                    # What waits has been pushed out by what came later.
                    self._more = list(self._data)
        self._later()
        return self

    def clear(self) -> Self:
        """Show nothing."""
        return self.update({} if self.kind in ("bars", "words") else [])

    def reveal(self) -> Self:
        """Show it on the phones, too, from now on."""
        self.is_revealed = True
        self._tell("class:board", self.told())
        return self

    def hide(self) -> Self:
        """Take it from the phones."""
        self.is_revealed = False
        self._tell("class:unboard", self.id)
        return self

    def told(self) -> dict[str, Any]:
        """Return what a page is told that shows it from now on, less what all are told next."""
        with self._lock:
            count = len(self._data) - len(self._more or ())
            return {"id": self.id, "kind": self.kind, "title": self.title, "data": self._data[:count]}

    def picture(self, content: dict[str, Any]) -> str:
        """Return what it showed last as a table."""
        title = f"<b>{text_of(self.title or self.kind)}</b>, as it was when the notebook was saved"
        if self.kind == "wall":
            return f"<p>{title}: {number_of(content.get('count')):,.0f} strokes</p>"
        rows = rows_of(content)
        columns = list(dict.fromkeys(str(name) for row in rows for name in row))
        return f"<p>{title}</p>{table_of(columns, rows)}"

    def _view_came(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("type") == "show":
            # On the thread that tells everybody, so that what is told next is not in it.
            self._handlers.later(0, lambda: self.send({"type": "data", "data": self.told()["data"]}))

    def _later(self) -> None:
        with self._lock:
            if self._is_due:
                return
            self._is_due = True
        self._handlers.later(_FLUSH_S, self._flush)

    def _flush(self) -> None:
        with self._lock:
            self._is_due = False
            more, self._more = self._more, None
            if more is not None:
                more, rest = _parted(more)
                self._more = rest or None
            data = list(self._data) if more is None else more
        if self._more:
            self._later()
        self.send({"type": "data" if more is None else "more", "data": data})
        if not self.is_revealed:
            return
        if more is None:
            self._tell("class:board", self.told())
        else:
            self._tell("class:more", {"id": self.id, "data": more})


def _shown(kind: str, data: Any) -> list[Any]:
    """Return data in the form in which it travels."""
    try:
        if kind in ("bars", "words"):
            pairs = [(str(label)[:_LONGEST], float(number)) for label, number in dict(data).items()]
            return [[label, number] for label, number in pairs[:MOST]]
        rows = [dict(row) for row in data]
    except (TypeError, ValueError) as error:
        wanted = "numbers by label" if kind in ("bars", "words") else "rows, each a dict"
        msg = f"A board of {kind} takes {wanted}: {error}"
        raise TypeError(msg) from error
    return [stroke_of(row) for row in rows] if kind == "wall" else [_row(row) for row in rows[:MOST]]


def _parted(strokes: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the first strokes, as many as are told in one go, and the others."""
    points = 0
    for index, stroke in enumerate(strokes):
        points += len(stroke["points"])
        if points > MOST_POINTS_AT_ONCE and index:
            return strokes[:index], strokes[index:]
    return strokes, []


def stroke_of(value: Any) -> dict[str, Any]:
    """Return a stroke as it may be drawn.

    That is ``{"color": 0 to 7, "points": [[x, y], ...]}``, x and y from 0 to 1.

    Raises:
        ValueError: It is none.
    """
    points = value.get("points") if isinstance(value, Mapping) else None
    if not isinstance(points, (list, tuple)) or not 1 <= len(points) <= MAX_POINTS:
        msg = f"A stroke has 1 to {MAX_POINTS} points."
        raise ValueError(msg)
    found = []
    for point in points:
        if not isinstance(point, (list, tuple)) or len(point) != 2 or not all(map(_is_number, point)):  # noqa: PLR2004 - x, y
            raise ValueError("A point is two numbers.")
        found.append([round(min(1.0, max(0.0, float(one))), 4) for one in point])
    color = value.get("color")
    is_color = isinstance(color, int) and not isinstance(color, bool) and color >= 0
    return {"color": color % COLORS if is_color else 0, "points": found}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        str(name): value if isinstance(value, (int, float)) else str(value)[:_LONGEST]
        for name, value in row.items()
    }
