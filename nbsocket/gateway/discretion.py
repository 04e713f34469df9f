"""Keeps secrets in request URLs out of logs, whatever the status and however the names are spelled."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from tornado.web import RequestHandler

_SECRET = ("token", "sid", "auth", "key", "code", "xsrf", "secret", "password")


def without_secrets(uri: str) -> str:
    """Return a URL without the values of query parameters whose names suggest secrets."""
    path, mark, query = uri.partition("?")
    parts = []
    for part in query.split("&"):
        name, equals, _ = part.partition("=")
        is_secret = any(word in unquote_plus(name).lower() for word in _SECRET)
        parts.append(f"{name}{equals}[secret]" if is_secret and equals else part)
    return path + mark + "&".join(parts)


class DiscreetHandler(RequestHandler):
    """Hides secrets when the application logs a request, or Tornado does after an error."""

    def _log(self) -> None:
        address = self.request.uri
        self.request.uri = without_secrets(address or "")
        try:
            super()._log()
        finally:
            self.request.uri = address

    def _request_summary(self) -> str:
        request = self.request
        return f"{request.method} {without_secrets(request.uri or '')} ({request.remote_ip})"

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log an exception, without secrets in the request that Tornado adds."""
        address = self.request.uri
        self.request.uri = without_secrets(address or "")
        try:
            super().log_exception(typ, value, tb)
        finally:
            self.request.uri = address
