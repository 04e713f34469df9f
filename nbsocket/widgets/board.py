"""A live view of a class's results: bars, words, a table, a wall of strokes.

What it shows travels as messages, which are not saved in the notebook; only its picture is.
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import traitlets

from nbsocket.notebook.process import running_cell
from nbsocket.widgets.saved import SavedWidget, number_of, rows_of, table_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from typing import Self

    from nbsocket.socketio.cell_run import CellRun
    from nbsocket.socketio.handler_thread import HandlerThread

STATIC = Path(__file__).parent.parent / "static"
KINDS = ("bars", "words", "table", "wall")
MOST = 300
"""How many bars, words or rows a board shows; of more, the first."""

MAX_POINTS = 500
COLORS = 8
MOST_POINTS = 60_000
"""How many points of strokes a wall keeps; of more, the latest."""

MOST_POINTS_AT_ONCE = 2_000
"""How many points of strokes are sent at once; the others follow, which bounds the cost of drawing."""

_FLUSH_S = 0.15
_TOGETHER_S = 2.0
_LONGEST = 200


class Questions(Protocol):
    """What is asked, as boards see it."""

    @property
    def round(self) -> int:
        """How many times something new was asked; phones move boards of earlier rounds aside."""
        ...

    def options_of(self, chosen: Collection[Any]) -> list[str]:
        """Return all options, in order, of the question these answers belong to; [] if there is none."""
        ...


class Board(SavedWidget):
    """Live results in the notebook; on the phones only while revealed."""

    _esm = STATIC / "board.js"
    _css = STATIC / "board.css"

    kind = traitlets.Unicode(read_only=True, help="bars, words, table or wall.").tag(sync=True)
    title = traitlets.Unicode(read_only=True, help="Its heading.").tag(sync=True)

    def __init__(
        self,
        kind: str,
        title: str,
        handlers: HandlerThread,
        tell: Callable[[str, Any], None],
        questions: Questions,
    ) -> None:
        """Made by a class.

        Args:
            kind: One of ``KINDS``.
            title: Its heading.
            handlers: The handler thread, on which pages are updated.
            tell: Sends an event to the phones.
            questions: What is asked.

        Raises:
            ValueError: There is no such kind.
        """
        if kind not in KINDS:
            msg = f"{kind!r}: there is no kind of board with this name; use {', '.join(KINDS)}"
            raise ValueError(msg)
        super().__init__()
        self.id = secrets.token_hex(4)
        self.set_trait("kind", kind)
        self.set_trait("title", str(title))
        self.is_revealed = False
        self._revealed: tuple[CellRun | None, float] = (None, 0.0)
        self._data: list[Any] = []
        self._points = 0
        self._more: list[Any] | None = None
        self._handlers = handlers
        self._tell = tell
        self._questions = questions
        self._round = questions.round
        self._options: list[str] = []
        self._left_out = 0
        self._lock = threading.Lock()
        self._is_due = False
        self.on_msg(self._view_came)

    def update(self, data: Mapping[Any, float] | Iterable[Mapping[str, Any]]) -> Self:
        """Show this from now on; it is drawn a few times a second at most.

        Args:
            data: For bars and words, numbers by label; for a table, rows as dicts; for a wall, strokes.
                Bars of a ``Counter`` of a question's options show all options in the order asked, even
                those that nobody chose; bars of a plain dict keep its order.

        Raises:
            TypeError: ``data`` is something else.
        """
        if self.kind == "bars" and isinstance(data, Counter):
            data = self._with_all_options(data)
        shown, left_out = _shown(self.kind, data)
        with self._lock:
            self._data, self._more, self._left_out = shown, None, left_out
            self._round = self._questions.round
            self._points = sum(len(one.get("points", ())) for one in shown) if self.kind == "wall" else 0
        self._later()
        return self

    def _with_all_options(self, counted: Counter[Any]) -> Mapping[Any, float]:
        """Return the counts of all options, even those that nobody chose, in the order asked."""
        if not self._options or any(one not in self._options for one in counted):
            self._options = self._questions.options_of(counted)
        return {one: counted[one] for one in self._options} or counted

    def add(self, stroke: Mapping[str, Any]) -> Self:
        """Add a stroke to a wall.

        Raises:
            TypeError: This is not a wall.
            ValueError: ``stroke`` is not valid.
        """
        if self.kind != "wall":
            msg = f"add() is for a wall; this board shows {self.kind}: use update()"
            raise TypeError(msg)
        drawn = stroke_of(stroke)
        with self._lock:
            self._round = self._questions.round
            self._data.append(drawn)
            self._points += len(drawn.get("points", ()))
            while self._points > MOST_POINTS and len(self._data) > 1:
                self._points -= len(self._data.pop(0).get("points", ()))
            if self._more is None and not self._is_due:
                self._more = []
            if self._more is not None:
                self._more.append(drawn)
                if len(self._more) > len(self._data):
                    # Newer strokes have displaced some that wait.
                    self._more = list(self._data)
        self._later()
        return self

    def clear(self) -> Self:
        """Show nothing."""
        return self.update({} if self.kind in ("bars", "words") else [])

    def reveal(self) -> Self:
        """Show the board on the phones, too, from now on."""
        self.is_revealed = True
        self._revealed = running_cell(), time.monotonic()
        self._round = self._questions.round
        self._tell("class:board", self.told())
        return self

    def asked_again(self) -> None:
        """Stay in front on the phones if the cell that asks something new has also just revealed this."""
        cell, at = self._revealed
        is_now = cell is not None and cell is running_cell() and time.monotonic() - at < _TOGETHER_S
        if self.is_revealed and is_now:
            self._round = self._questions.round
            self._tell("class:board", self.told())

    def hide(self) -> Self:
        """Remove the board from the phones."""
        self.is_revealed = False
        self._tell("class:unboard", self.id)
        return self

    def told(self) -> dict[str, Any]:
        """Return the state for a page that begins to show it, without what all pages get next."""
        with self._lock:
            count = len(self._data) - len(self._more or ())
            return {
                "id": self.id,
                "kind": self.kind,
                "title": self.title,
                "data": self._data[:count],
                "left_out": self._left_out,
                "round": self._round,
            }

    def picture(self, content: dict[str, Any]) -> str:
        """Return its latest state as a table."""
        title = f"<b>{text_of(self.title or self.kind)}</b>, as it was when the notebook was saved"
        if self.kind == "wall":
            return f"<p>{title}: {number_of(content.get('count')):,.0f} strokes</p>"
        rows = rows_of(content)
        columns = list(dict.fromkeys(str(name) for row in rows for name in row))
        return f"<p>{title}</p>{table_of(columns, rows)}"

    def _view_came(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("type") == "show":
            # On the thread that updates all pages, so that the next update is not in it.
            self._handlers.later(0, lambda: self._send_all(self.told()))

    def _send_all(self, told: dict[str, Any]) -> None:
        self.send({"type": "data", "data": told["data"], "left_out": told["left_out"]})

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
        if self._more:
            self._later()
        if more is None:
            told = self.told()
            self._send_all(told)
        else:
            told = {"id": self.id, "data": more, "round": self._round}
            self.send({"type": "more", "data": more})
        if self.is_revealed:
            self._tell("class:board" if more is None else "class:more", told)


def _shown(kind: str, data: Any) -> tuple[list[Any], int]:
    """Return data in the form in which it is sent, and how much of it is left out."""
    try:
        if kind in ("bars", "words"):
            pairs = [(_cut(str(label)), float(number)) for label, number in dict(data).items()]
            if kind == "words":
                # If there are too many words, those with the smallest numbers are left out.
                pairs.sort(key=lambda pair: pair[1], reverse=True)
            return [list(pair) for pair in pairs[:MOST]], max(0, len(pairs) - MOST)
        rows = [dict(row) for row in data]
    except (TypeError, ValueError) as error:
        wanted = "numbers by label" if kind in ("bars", "words") else "rows, each a dict"
        msg = f"A board of {kind} takes {wanted}: {error}"
        raise TypeError(msg) from error
    if kind == "wall":
        return [stroke_of(row) for row in rows], 0
    return [_row(row) for row in rows[:MOST]], max(0, len(rows) - MOST)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _parted(strokes: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the first strokes, as many as are sent at once, and the others."""
    points = 0
    for index, stroke in enumerate(strokes):
        points += len(stroke["points"])
        if points > MOST_POINTS_AT_ONCE and index:
            return strokes[:index], strokes[index:]
    return strokes, []


def stroke_of(value: Any) -> dict[str, Any]:
    """Return a stroke in the form in which it can be drawn.

    That is ``{"color": 0 to 7, "points": [[x, y], ...]}``, x and y from 0 to 1.

    Raises:
        ValueError: It is not a valid stroke.
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
        str(name): value if isinstance(value, (int, float)) else _cut(str(value))
        for name, value in row.items()
    }
