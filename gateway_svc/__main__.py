"""`python -m gateway_svc`."""

from __future__ import annotations

from gateway_svc.main import main

if __name__ == "__main__":
    main()
