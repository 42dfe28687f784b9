"""The components as a Pulumi package: the process that an engine starts for other languages."""

import sys
from pathlib import Path

# An engine starts the folder, which puts it first on the path: its modules (`network`, `role`)
# would be found under names that belong to others.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [place for place in sys.path if Path(place).resolve() != _HERE]

if __name__ == "__main__":
    from components import host

    host.serve()
