"""Exports Flatland's architecture with random weights of a fixed seed: for tests of shapes and plumbing."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.flatland.export import export_model, seeded_networks

_CARD = """# Flatland, untrained

The architecture of Flatland with random weights of a fixed seed. Its pictures are noise; its shapes,
names and sizes are those of the trained model.
"""


def main() -> None:
    """Writes the untrained model folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    export_model(seeded_networks(), arguments.out)
    (arguments.out / "README.md").write_text(_CARD, encoding="utf-8")


if __name__ == "__main__":
    main()
