"""A sampler of your own on your side of the wire; the server only predicts what the picture is without its noise.

python examples/client_side_sampler.py "a red house under a starry sky"
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from latentwire.client import Client

Array = Any  # a NumPy array (1, C, H, W), or whatever calculates like one


def heun(predict: Callable[[Array, float], Array], x: Array, sigmas: Sequence[float]) -> Array:
    """Karras et al. 2022, algorithm 2, without churn: a step ahead, then again with the mean of both slopes."""
    for sigma, sigma_next in pairwise(sigmas):
        slope = (x - predict(x, sigma)) / sigma
        ahead = x + slope * (sigma_next - sigma)
        if sigma_next > 0:
            slope_ahead = (ahead - predict(ahead, sigma_next)) / sigma_next
            ahead = x + (slope + slope_ahead) / 2 * (sigma_next - sigma)
        x = ahead
    return x


def main(arguments: Sequence[str] | None = None) -> None:
    """Encodes the prompt once, walks from noise to a picture, and writes it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompt", nargs="?", default="a red house under a starry sky")
    parser.add_argument("--address", default="127.0.0.1:50051", help="the inference service")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", type=int, default=128, help="sides in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cfg-scale", type=float, default=5.0)
    parser.add_argument("--out", default="client_side_sampler.png")
    asked = parser.parse_args(arguments)
    with Client(asked.address) as client:
        conditioning = client.encode_prompt(asked.prompt)

        def predict(x: Array, sigma: float) -> Array:
            return client.predict_denoised(x, sigma, prompt=conditioning, cfg_scale=asked.cfg_scale).denoised

        start = client.prepare(seed=asked.seed, steps=asked.steps, width=asked.size, height=asked.size)
        transitions = start.plans[0].transitions
        sigmas = [each.sigma for each in transitions] + [transitions[-1].sigma_next]
        client.decode(heun(predict, start.states[0].x, sigmas))[0].save(asked.out)


if __name__ == "__main__":
    main()
