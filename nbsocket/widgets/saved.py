"""The saved picture of a widget: plain HTML and SVG for readers without a kernel and without JavaScript.

It is a separate output, which the widget hides while it is live. The page says what there is to
see; every text is escaped here, every number is parsed.
"""

from __future__ import annotations

import html
import secrets
from typing import Any

import anywidget
import traitlets
from IPython.display import display

_ROWS = 100
_SHAPES = 400
_LONGEST = 300
_LARGEST = 1e9
_CELL = 'style="text-align:start" dir="auto"'
"""Keeps right-to-left text from changing the direction of its neighbours."""


class SavedWidget(anywidget.AnyWidget):
    """A widget that keeps a picture of itself in the notebook, at most one in two seconds."""

    saved_id = traitlets.Unicode(read_only=True, help="Names its saved picture; no secret.").tag(sync=True)

    def __init__(self) -> None:
        """Begin without a picture."""
        super().__init__()
        self.set_trait("saved_id", secrets.token_hex(6))
        self._picture: Any = None
        self.on_msg(self._page_said)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if self._picture is None:
            self._picture = display(_Picture(self._framed("")), display_id=True)
        return super()._repr_mimebundle_(**options)

    def _page_said(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict) or content.get("type") != "snapshot":
            return
        try:
            if self._picture is not None:
                self._picture.update(_Picture(self._framed(self.picture(content))))
        finally:
            self.send({"type": "saved"})

    def picture(self, content: dict[str, Any]) -> str:
        """Return what the page sent as HTML; treat everything in it as untrusted."""
        raise NotImplementedError

    def _framed(self, inner: str) -> str:
        if not inner:
            return ""
        return f'<div class="nbs-saved-{self.saved_id}" style="{_BOX}">{inner}{_HOW_TO_GO_ON}</div>'


class _Picture:
    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return ""


_BOX = (
    "font:13px/1.4 system-ui,sans-serif;border:1px solid #bbb;border-radius:6px;padding:8px;overflow:auto"
)

_HOW_TO_GO_ON = (
    '<p style="margin:6px 0 0"><i>This is a picture. In Jupyter, run the cell to see it live.</i></p>'
)


def text_of(value: Any) -> str:
    """Return a value from a page as escaped text, cut to a reasonable length."""
    text = str(value)
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return html.escape("".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in shown))


def number_of(value: Any) -> float:
    """Return a value from a page as a number; 0 if it is not one."""
    return round(float(value), 1) if isinstance(value, (int, float)) and abs(value) < _LARGEST else 0.0


def rows_of(content: dict[str, Any], name: str = "rows") -> list[dict[str, Any]]:
    """Return the latest valid rows of a snapshot."""
    rows = content.get(name)
    return [row for row in rows[-_SHAPES:] if isinstance(row, dict)] if isinstance(rows, list) else []


def table_of(columns: list[str], rows: list[dict[str, Any]]) -> str:
    """Return a table of the rows' columns."""
    head = "".join(f"<th {_CELL}>{html.escape(column)}</th>" for column in columns)
    body = ""
    for row in rows[-_ROWS:]:
        cells = "".join(f"<td {_CELL}>{text_of(row.get(column, ''))}</td>" for column in columns)
        body += f"<tr>{cells}</tr>"
    earlier = len(rows) - _ROWS
    above = f"<p>{earlier} earlier rows are not in this picture.</p>" if earlier > 0 else ""
    return f"{above}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def numbers_of(row: dict[str, Any], name: str, count: int) -> list[float]:
    """Return ``count`` numbers from a row, padded with zeros."""
    values = row.get(name)
    found = [number_of(value) for value in values[:count]] if isinstance(values, list) else []
    return found + [0.0] * (count - len(found))
