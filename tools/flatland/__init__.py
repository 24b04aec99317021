"""Flatland: a small latent diffusion model, from rendered pictures to the folder that ships in the package."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "inference_svc" / "models" / "flatland"
