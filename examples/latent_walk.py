"""A walk from one prompt to another: the same noise, and conditionings in between. All frames share batches.

python examples/latent_walk.py "a red house by day" "a blue house at night" --frames 8
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from latentwire.client import Client, Conditioning


def between(first: Conditioning, last: Conditioning, share: float) -> Conditioning:
    """The conditioning `share` (0 to 1) of the way from one to the other; both of plain prompts of one chunk."""
    (part,), (other,) = first.parts, last.parts
    (segment,), (segment_other,) = part.segments, other.segments
    context = segment.context * np.float32(1 - share) + segment_other.context * np.float32(share)
    return replace(first, parts=(replace(part, segments=(replace(segment, context=context),)),))


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes every frame in one call and writes them as 000.png, 001.png, …"""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", nargs="?", default="a red house by day")
    parser.add_argument("last", nargs="?", default="a blue house at night")
    parser.add_argument("--address", default="127.0.0.1:50051", help="the inference service")
    parser.add_argument("--frames", type=int, default=8, help="2 to 64")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", type=int, default=128, help="sides in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cfg-scale", type=float, default=5.0)
    parser.add_argument("--out", type=Path, default=Path("latent_walk"), help="a folder for the frames")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    with Client(asked.address) as client:
        first, last = client.encode_prompts([asked.first, asked.last]).conditionings
        prompts = [between(first, last, share) for share in np.linspace(0, 1, asked.frames)]
        start = client.prepare(seed=asked.seed, steps=asked.steps, width=asked.size, height=asked.size)
        # The same plan, and the same noise, for all: only the words differ.
        states = client.denoise(
            start.plans * asked.frames, start.states * asked.frames, prompt=prompts, cfg_scale=asked.cfg_scale
        )
        for frame in client.decode(np.concatenate([state.x for state in states])):
            frame.save(asked.out / f"{frame.index:03}.png")


if __name__ == "__main__":
    main()
