"""The way from this process's clients to the server in it: a call in place of a connection.

What the server does for others who connect, the application does here in the caller's thread, with
the same request and the same answer. Not in here: listening, see :mod:`localaws.server`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError
from werkzeug.exceptions import InternalServerError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)

_applications: dict[str, WSGIApplication] = {}
"""What is served in this process, by its endpoint."""


def serve(endpoint: str, application: WSGIApplication) -> None:
    """Have requests to ``endpoint`` answered by a call of ``application``."""
    _applications[endpoint] = application


def withdraw(endpoint: str) -> None:
    """Serve nothing there any more."""
    _applications.pop(endpoint, None)


def shorten(client: Any, endpoint: str) -> None:
    """Have ``client`` call what is served at ``endpoint``, as long as it is."""

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        application = _applications.get(endpoint)
        # None: botocore connects, and finds out that nobody listens.
        return None if application is None else _answer(application, request)

    client.meta.events.register("before-send", send)


class _Body(BytesIO):
    """The body of an answer, as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.read()


def _answer(application: WSGIApplication, request: AWSPreparedRequest) -> AWSResponse:
    started: list[Any] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _: Any = None, /
    ) -> Callable[[bytes], object]:
        started[:] = status, headers
        return body.write

    body, environ = _Body(), _environ(request)
    try:
        _write(body, application(environ, start_response))
    except ConnectionError as error:
        # As the server does it, whoever connects: it hangs up,
        raise ConnectionClosedError(endpoint_url=request.url) from error
    except Exception:
        # or answers that it failed.
        log.exception("%s %s", request.method, request.url)
        body = _Body()
        _write(body, InternalServerError()(environ, start_response))
    body.seek(0)
    status, headers = started
    return AWSResponse(request.url, int(status[:3]), HTTPHeaders.from_pairs(headers), body)


def _write(body: _Body, parts: Iterable[bytes]) -> None:
    try:
        body.writelines(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """Return what a server would make of ``request`` (PEP 3333)."""
    url = urlsplit(request.url)
    body: Any = request.body or b""
    given = body.read() if hasattr(body, "read") else body
    content = given.encode() if isinstance(given, str) else bytes(given)
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": request.url,
        "RAW_URI": request.url,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": url.hostname,
        "HTTP_HOST": url.netloc,
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    return environ
