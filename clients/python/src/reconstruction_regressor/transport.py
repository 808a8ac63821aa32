"""Requests and their repetition."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.util.retry import Retry

from .errors import ServiceError

#: Statuses of requests that were refused before they had any effect, and may succeed later.
_REFUSED = frozenset({429, 503})


class Transport:
    """Sends requests to a service.

    A request that is refused with 429 or 503 is sent again, after its `Retry-After` or a wait that doubles each time, with some
    chance in it; one that got no reply only if it can do no harm twice.
    """

    def __init__(
        self, url: str, token: str | Callable[[], str] | None, retries: int, timeout: float, ca_certs: str | None
    ) -> None:
        if "@" in urlsplit(url).netloc:
            raise ValueError("url: expected an address without a user and a password; token takes a credential")
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise ValueError(f"url: expected an address such as http://127.0.0.1:8080, got {url!r}")
        self.url = url.rstrip("/")
        self._token = token
        self._retries = retries
        self._timeout = timeout
        self._pool = urllib3.PoolManager(ca_certs=ca_certs)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        once: bool = False,
        patient: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """Returns a reply of success. `once`: it must not have its effect twice. `patient`: its reply may take any time.

        Raises `ServiceError`.
        """
        sent = dict(headers or {})
        token = self._token() if callable(self._token) else self._token
        if token and token.strip():
            # Errors of libraries repeat a header that is invalid; a token that was read from a file ends with a line break.
            if not re.fullmatch("[!-~]+", token.strip()):
                raise ValueError("token: expected printable ASCII characters without spaces, in one line")
            sent["authorization"] = f"Bearer {token.strip()}"
        retry = Retry(
            total=self._retries,
            connect=self._retries,
            read=0 if once else None,
            other=0 if once else None,
            redirect=0,
            status_forcelist=_REFUSED,
            allowed_methods=None,
            backoff_factor=0.25,
            backoff_max=30,
            backoff_jitter=0.25,
            raise_on_status=False,
        )
        parameters = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        address = f"{self.url}{path}" + (f"?{urlencode(parameters)}" if parameters else "")
        limits = urllib3.Timeout(connect=min(self._timeout, 10), read=None if patient else self._timeout)
        try:
            reply = self._pool.request(method, address, body=body, headers=sent, retries=retry, timeout=limits)
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise ServiceError(f"the service did not answer: {reason}", 0, "UNREACHABLE") from error
        if reply.status >= 300:
            raise _error_of(reply)
        return reply

    def json(self, method: str, path: str, **options: Any) -> Any:
        """Returns the JSON of a reply of success."""
        return self.request(method, path, **options).json()


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _error_of(reply: urllib3.BaseHTTPResponse) -> ServiceError:
    try:
        body = json.loads(reply.data)
        return ServiceError(body["error"], reply.status, body["code"], body.get("request_id"))
    except (ValueError, KeyError, TypeError):
        message = f"the service replied with status {reply.status} {reply.reason or ''}".rstrip()
        return ServiceError(message, reply.status, f"HTTP_{reply.status}", reply.headers.get("x-request-id"))
