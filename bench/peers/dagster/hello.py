"""The one-line command as a Dagster job, executed in this process.

``python hello.py COUNT`` runs it so often and prints the seconds of each, as JSON.
"""

import json
import subprocess
import sys
import time

import dagster

COMMAND = ["bash", "-c", 'echo "hello from hello, attempt 1"']


@dagster.op
def say() -> None:
    """Run the command."""
    subprocess.run(COMMAND, check=True, stdout=sys.stderr)


@dagster.job
def hello() -> None:
    """One step."""
    say()


def main(count: int) -> None:
    """Run the job ``count`` times, one after the other."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        hello.execute_in_process(raise_on_error=True)
        took.append(time.perf_counter() - began)
    json.dump(took, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
