"""The `latentwire` command, for `python -m latentwire`."""

from __future__ import annotations

from latentwire.cli import main

if __name__ == "__main__":
    main()
