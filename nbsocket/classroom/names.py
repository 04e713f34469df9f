"""Texts from phones as people see them: nothing invisible stays; what looks alike counts as the same."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"
# Letters and marks that are invisible although they are not control characters in Unicode.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_VARIATIONS = (("\ufe00", "\ufe0f"), ("\U000e0100", "\U000e01ef"))
_SKIN = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_MAX_MARKS = 3
"""Marks on one letter; no script needs more, and piles of them cover the surrounding lines."""

_ALIKE = str.maketrans({"1": "l", "|": "l", "0": "o"})


def clean(value: Any, most: int) -> str:
    """Return a text from outside as one line of at most ``most`` characters, without invisible ones.

    Emoji stay whole, with the joiner between two and the variation selector for colour.

    Raises:
        ValueError: It is not a text.
    """
    if not isinstance(value, str):
        raise ValueError("This is not a text.")  # noqa: TRY004 - shown to the sender
    kept: list[str] = []
    marks = 0
    for one in unicodedata.normalize("NFC", value[: most * 4]):
        if one.isspace():
            kept.append(" ")
            continue
        before = kept[-1] if kept else " "
        marks = marks + 1 if unicodedata.combining(one) else 0
        if one in (_JOINER, _EMOJI_STYLE):
            if _is_emoji(before):
                kept.append(one)
        elif _is_seen(one) and marks <= _MAX_MARKS and not (marks and before == " "):
            if kept and before == _JOINER and not _is_emoji(one):
                kept.pop()
            kept.append(one)
    return " ".join("".join(kept).strip(_JOINER + " ").split())[:most].strip(_JOINER)


def _is_seen(character: str) -> bool:
    return (
        not unicodedata.category(character).startswith("C")
        and character not in _BLANK
        and not any(first <= character <= last for first, last in _VARIATIONS)
    )


def _is_emoji(character: str) -> bool:
    return (
        unicodedata.category(character) == "So"
        or character in _SKIN
        or character in "#*0123456789\u203c\u2049\u2194\u2195"
        or character == _EMOJI_STYLE
    )


@lru_cache(maxsize=4096)
def looks_of(name: str) -> str:
    """Return what a name looks like: two names with the same result are hard to tell apart.

    Case, accents, width, and the script of letters that look like Latin ones are ignored
    (Unicode Technical Standard 39, section 4).
    """
    plain = unicodedata.normalize("NFKD", name).translate(_ALIKE)
    letters = "".join(_latin(one) for one in plain if not unicodedata.combining(one))
    folded = unicodedata.normalize("NFKD", letters.casefold()).replace("i", "l").replace("rn", "m")
    return "".join(one for one in folded if one not in (_JOINER, _EMOJI_STYLE))


@lru_cache(maxsize=4096)
def _latin(character: str) -> str:
    """Return the Latin letter that a character looks like; itself if there is none."""
    if character.isascii():
        return character
    from confusable_homoglyphs import confusables  # noqa: PLC0415 - its table is read when it is first needed

    for alike in confusables.confusables_data.get(character, ()):
        text = str(alike["c"])
        if text.isascii() and text.isalnum():
            return text
    return character
