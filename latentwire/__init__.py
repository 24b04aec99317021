"""What both services and every client of Latentwire share: the contract, the client, the errors, the command."""

from __future__ import annotations

__version__ = "0.1.0"
