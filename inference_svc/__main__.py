"""`python -m inference_svc`: starts the inference service."""

from __future__ import annotations

from inference_svc.main import main

if __name__ == "__main__":
    main()
