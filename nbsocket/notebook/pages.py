"""Reads a page's files in the kernel and passes them to the server, which serves them."""

from __future__ import annotations

import mimetypes
import re
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from nbsocket.errors import LinkLostError
from nbsocket.link.messages import PageFile, PublishPage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbsocket.carriers.interface import Carrier

# The spelling in Socket.IO's tutorial (with a leading slash), and others that people try.
_CLIENT_SCRIPT = re.compile(
    rb"""(?P<before><script\b[^>]*\bsrc\s*=\s*)(?P<quote>["']?)"""
    rb"""(?:\./|/)?socket\.io/socket\.io(?:\.min|\.esm|\.esm\.min)?\.js(?P=quote)(?=[\s>])""",
    re.IGNORECASE,
)
_FOREIGN_CLIENT = re.compile(
    rb"""["'](?P<url>(?:https?:)?//[^"'\s<>]{1,300}?socket\.io[^"'\s<>]{0,200}?\.js)["'?]""", re.IGNORECASE
)
_RESERVED = frozenset({"socket.io", "join"})
_MAY_LOAD = frozenset({".html", ".htm", ".js", ".mjs"})


def publish(
    carrier: Carrier, channel: str, file: str | Path, at: str, assets: Iterable[str | Path]
) -> tuple[str, dict[str, PageFile]]:
    """Publish ``file`` below the channel's URL; return its path there, and all files by their path.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: ``at`` is not a valid path for a page, or two files would get the same path.
        LinkLostError: The server does not know the channel.
    """
    path = _page_path(at)
    main = Path(file)
    _check_there(main)
    depth = path.count("/")
    body = _CLIENT_SCRIPT.sub(
        rb'\g<before>"' + b"../" * depth + rb'socket.io/socket.io.js"', main.read_bytes()
    )
    _warn_of_foreign_client(main, body)
    files = {path: PageFile("text/html; charset=utf-8", body)}
    folder = path.rpartition("/")[0]
    for asset in map(Path, assets):
        _check_there(asset)
        name = f"{folder}/{asset.name}" if folder else asset.name
        if name in files:
            msg = f"two files would be served at {name!r}; rename one of them"
            raise ValueError(msg)
        files[name] = PageFile(_content_type(asset.name), asset.read_bytes())
        if asset.suffix in _MAY_LOAD:
            _warn_of_foreign_client(asset, files[name].body)
    reply = carrier.request(PublishPage, channel=channel, files=files)
    if reply.error:
        msg = f"The Jupyter server has no channel {channel!r}; run the cell that creates it again."
        raise LinkLostError(msg)
    return path, files


def _warn_of_foreign_client(file: Path, body: bytes) -> None:
    found = _FOREIGN_CLIENT.search(body)
    if found is not None:
        url = found["url"].decode("utf-8", "replace")
        sys.stderr.write(
            f"nbsocket: {file.name} loads {url}, which knows neither this channel's address nor "
            "its ticket: io() will not connect. Write  "
            '<script src="socket.io/socket.io.js"></script>  instead.\n'
        )


def _page_path(at: str) -> str:
    path = at.strip("/")
    parts = PurePosixPath(path).parts
    if parts and (parts[0] in _RESERVED or ".." in parts):
        msg = f"a page cannot be served at {at!r}; use a path such as '/' or '/teacher/'"
        raise ValueError(msg)
    # A page at /teacher/ keeps its slash, so that its relative links start there.
    return f"{path}/" if path and at.endswith("/") else path


def _content_type(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind in {"application/json", "application/javascript"}
    return f"{kind}; charset=utf-8" if text else kind


def _check_there(file: Path) -> None:
    if not file.is_file():
        msg = f"there is no file {str(file)!r} in {Path.cwd()}, where this notebook's kernel looks for it"
        raise FileNotFoundError(msg)
