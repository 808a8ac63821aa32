"""Refusals of the service."""

from __future__ import annotations


class ServiceError(Exception):
    """A refusal of the service, or the reason why it did not answer.

    `status` is the HTTP status, 0 without a reply or for a training that failed after it was accepted; `code` the service's code,
    such as `INVALID_ROWS`, `UNREACHABLE` without a reply, or `HTTP_<status>` for one of another server; `request_id` identifies
    the request in the service's log.
    """

    def __init__(self, message: str, status: int, code: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
