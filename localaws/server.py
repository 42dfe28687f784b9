"""The moto server, on 127.0.0.1 and nowhere else."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Self

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from localaws import in_process
from localaws.errors import PortInUse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST: Final = "127.0.0.1"

_PORT_VARIABLE: Final = "MOTO_PORT"
"""Where moto's state machines look for the server's port."""

_IMAGES_VARIABLE: Final = "MOTO_EC2_LOAD_DEFAULT_AMIS"
"""Whether moto makes up EC2 images in each region that is used: a tenth of a second, for nobody."""

_PROFILE_VARIABLES: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
"""What moto's own sessions would take a profile from, which this machine may not have."""

_POLL_SECONDS: Final = 0.02
"""How long :meth:`Server.stop` waits at most for the accepting thread to notice."""


class _Handler(MotoRequestHandler):  # type: ignore[misc] # moto is not typed
    """Answers the requests of one connection."""

    def connection_dropped(self, *_: object) -> None:
        """Hang up where the application does: the client would wait for an answer."""
        self.close_connection = True


class Server:
    """Serves the AWS API that moto implements, with Step Functions that execute.

    moto keeps its state in this process, one for all servers: run one at a time.
    """

    def __init__(
        self, port: int = 0, *, around: Callable[[WSGIApplication], WSGIApplication] | None = None
    ) -> None:
        """Serve on ``port``, 0 for a free one; ``around`` puts an application before moto's."""
        self._wanted = port
        self._around = around or (lambda application: application)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._environment_before: dict[str, str | None] = {}

    @property
    def port(self) -> int:
        """The port that is listened on; 0 while nothing is."""
        return self._server.port if self._server else 0

    @property
    def endpoint(self) -> str:
        """The URL that clients take as ``endpoint_url``."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> Self:
        """Listen, and return when requests are answered.

        Raises:
            PortInUse: If something listens there already.
        """
        if self._server:
            return self
        application = self._around(DomainDispatcherApplication(create_backend_app))
        with _listen(self._wanted) as listening:
            self._server = make_server(
                HOST,
                listening.getsockname()[1],
                application,
                threaded=True,
                request_handler=_Handler,
                fd=listening.fileno(),
            )
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        variables: dict[str, str | None] = {
            _PORT_VARIABLE: str(self.port),
            _IMAGES_VARIABLE: "false",
            **dict.fromkeys(_PROFILE_VARIABLES),
        }
        self._environment_before = {name: os.environ.get(name) for name in variables}
        _set(variables)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": _POLL_SECONDS},
            name="localaws-server",
            daemon=True,
        )
        self._thread.start()
        in_process.serve(self.endpoint, application)
        return self

    def stop(self) -> None:
        """Stop listening and free the port. Stopping twice is stopping once."""
        endpoint = self.endpoint
        server, thread, self._server, self._thread = self._server, self._thread, None, None
        if server is None or thread is None:
            return
        in_process.withdraw(endpoint)
        server.shutdown()
        thread.join()
        server.server_close()
        default_user_config["stepfunctions"] = {"execute_state_machine": False}
        _set(self._environment_before)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _listen(port: int) -> socket.socket:
    # Bound here because werkzeug ends the whole process where the port is taken.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port}: something else listens on {HOST}:{port}; "
                "stop it, or choose another port with --port"
            ) from error
        raise
    return listening
