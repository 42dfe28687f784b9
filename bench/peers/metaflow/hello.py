"""The one-line command as a Metaflow flow: ``python hello.py run``."""

import subprocess

from metaflow import FlowSpec, step

COMMAND = ["bash", "-c", 'echo "hello from hello, attempt 1"']


class Hello(FlowSpec):
    """The least that a flow can be: a start and an end."""

    @step
    def start(self) -> None:
        """Run the command."""
        subprocess.run(COMMAND, check=True)
        self.next(self.end)

    @step
    def end(self) -> None:
        """Be there: a flow needs one."""


if __name__ == "__main__":
    Hello()
