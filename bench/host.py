"""A process that runs one command of the Pulumi CLI with the measured program.

It does what ``pulumi`` and its language host do between them: the CLI is started here, and is told
to ask this process for the program. So ``pulumi-language-python``, a Go program that would pass
messages on, is not measured; its Python is, from the interpreter's start on.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from bench import program


def main(command: list[str]) -> int:
    """Run the CLI, print what the engine and the program each took, and return its status."""
    server = grpc.server(ThreadPoolExecutor(4))
    language = LanguageServer(program.run)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(language, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    status = subprocess.run([*command, f"--client=127.0.0.1:{port}"], check=False).returncode
    server.stop(0)
    took = {name: _seconds(who) for name, who in WHO.items()}
    sys.stderr.write(json.dumps(took) + "\n")
    return status


WHO = {"program": resource.RUSAGE_SELF, "engine": resource.RUSAGE_CHILDREN}


def _seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
