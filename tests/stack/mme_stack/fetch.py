"""HTTP for the tests' own questions, one connection each, so that nothing of it stays open."""

import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit


def request(
    url: str, *, method: str = "GET", headers: dict[str, str] | None = None, body: Any = None, timeout: float = 60
) -> tuple[int, bytes]:
    parts = urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body, headers={"Connection": "close", **(headers or {})})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def status_of(url: str, **kwargs: Any) -> int | None:
    """The status, or None where nobody answers (yet)."""
    try:
        return request(url, **kwargs)[0]
    except (OSError, http.client.HTTPException):
        return None


def get_json(url: str) -> Any:
    status, body = request(url)
    assert status == 200, f"{url}: {status} {body[:200]!r}"
    return json.loads(body)


def wait_until(what: Callable[[], Any], timeout: float = 30, interval: float = 0.05) -> Any:
    """Polls until `what` answers something true and returns that; a final AssertionError names the last answer."""
    deadline = time.monotonic() + timeout
    while True:
        answer = what()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"still {answer!r} after {timeout} s")
        time.sleep(interval)
