"""``python -m batchctl``."""

from batchctl.main import main

if __name__ == "__main__":
    main()
