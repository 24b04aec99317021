"""One prompt for the left side of a picture and one for the right: both take each step, then they are joined.

python examples/regional_prompts.py "a green tree" "a blue boat"
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from latentwire.client import Client, Prepared, SamplerState


def left_share(width: int, blend: int = 4) -> np.ndarray:
    """How much each latent column belongs to the left side: 1, falling to 0 over `blend` columns in the middle."""
    columns = np.arange(width) + 0.5
    return np.clip((width / 2 - columns) / blend + 0.5, 0, 1).astype(np.float32)


def paint(client: Client, start: Prepared, left: str, right: str, cfg_scale: float) -> SamplerState:
    """Takes every step twice from the same state, once for each prompt, in one call, and goes on from their mixture."""
    (plan,), (state,) = start.plans, start.states
    prompts, share = client.encode_prompts([left, right]).conditionings, left_share(state.x.shape[-1])
    for step in range(1, len(plan.transitions) + 1):
        one, other = client.denoise([plan] * 2, [state] * 2, end_step=step, prompt=prompts, cfg_scale=cfg_scale)
        state = replace(one, x=one.x * share + other.x * (1 - share))
    return state


def main(arguments: Sequence[str] | None = None) -> None:
    """Paints both sides and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("left", nargs="?", default="a green tree")
    parser.add_argument("right", nargs="?", default="a blue boat")
    parser.add_argument("--address", default="127.0.0.1:50051", help="the inference service")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", type=int, default=128, help="sides in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cfg-scale", type=float, default=5.0)
    parser.add_argument("--out", default="regional_prompts.png")
    asked = parser.parse_args(arguments)
    with Client(asked.address) as client:
        # Euler remembers nothing from step to step, so that mixing x is all there is to mix.
        run = client.prepare(sampler="Euler", steps=asked.steps, seed=asked.seed, width=asked.size, height=asked.size)
        client.decode(paint(client, run, asked.left, asked.right, asked.cfg_scale).x)[0].save(asked.out)


if __name__ == "__main__":
    main()
