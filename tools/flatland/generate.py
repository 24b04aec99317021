"""Pictures from a model folder through ONNX Runtime alone: for evaluation, independent of the services."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tools.flatland.shape import SCALING_FACTOR
from tools.flatland.tokenizer import encode

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample: Euler steps, guidance scale (as evaluate.py chose it), size in pixels."""

    guidance: float = 5.0
    steps: int = 20
    width_px: int = 128
    height_px: int = 128
    negative: str = ""


def sigmas(steps: int) -> tuple[Array, Array]:
    """Returns timesteps (steps,) evenly spaced from 999 to 0, and their sigmas with a final 0."""
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    alphas = np.cumprod(1 - betas)
    table = np.sqrt((1 - alphas) / alphas)
    timesteps = np.linspace(999, 0, steps)
    return timesteps.astype(np.float32), np.append(np.interp(timesteps, np.arange(1000), table), 0).astype(np.float32)


def graph_path(folder: Path, name: str) -> Path:
    """Returns a network's graph: in a folder of its own, or beside the autoencoder's weights (vae/encoder.onnx)."""
    own, (part, _, half) = folder / name / "model.onnx", name.partition("_")
    return own if own.exists() or part != "vae" else folder / part / f"{half}.onnx"


class OnnxModel:
    """The four graphs, each loaded when it is first needed unless before, and the tokenizer of a model folder."""

    def __init__(self, folder: Path, thread_count: int = 1) -> None:
        self._folder, self._options, self._lock = folder, onnxruntime.SessionOptions(), Lock()
        self._options.intra_op_num_threads = thread_count
        self._options.log_severity_level = 3
        self._options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # or sessions disturb each other
        self._loader, self._sessions = ThreadPoolExecutor(2), dict[str, Future[Any]]()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json"))
        config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
        if config["prediction_type"] != "v_prediction":
            raise ValueError(f"prediction_type is {config['prediction_type']!r}, expected 'v_prediction'")

    def load(self, part: str) -> Future[Any]:
        """Begins to load a graph, beside what else is done, unless it has begun. Returns what becomes its session."""
        with self._lock:
            session = self._sessions.get(part)
            if session is None or (session.done() and session.exception()):
                path = graph_path(self._folder, part)
                session = self._loader.submit(onnxruntime.InferenceSession, path, self._options)
                self._sessions[part] = session
            return session

    def run(self, part: str, feeds: Mapping[str, NDArray[Any]]) -> list[Array]:
        """Returns all outputs of one graph."""
        return self.load(part).result().run(None, dict(feeds))  # type: ignore[no-any-return]

    def encode_prompts(self, prompts: Sequence[str]) -> Array:
        """Returns (B, 77, D)."""
        ids = np.array(encode(self._tokenizer, prompts), np.int64)
        return self.run("text_encoder", {"input_ids": ids})[1]

    def denoise(self, x: Array, sigma: float, timestep: float, context: Array) -> Array:
        """Returns the denoised latents for x = x0 + sigma noise, all rows at one sigma."""
        feeds = {
            "sample": x / np.float32(np.sqrt(sigma**2 + 1)),
            "timestep": np.full(len(x), timestep, np.float32),
            "encoder_hidden_states": context,
        }
        velocity = self.run("unet", feeds)[0]
        root = float(np.sqrt(sigma**2 + 1))
        denoised: Array = np.asarray(x / root**2 - velocity * (sigma / root), np.float32)
        return denoised

    def decode(self, latents: Array) -> NDArray[np.uint8]:
        """Returns pictures (B, H, W, 3) of scaled latents."""
        pictures = self.run("vae_decoder", {"latent_sample": latents / np.float32(SCALING_FACTOR)})[0]
        return np.round((pictures.transpose(0, 2, 3, 1).clip(-1, 1) + 1) * 127.5).astype(np.uint8)

    def encode_pictures(self, pictures: NDArray[np.uint8]) -> Array:
        """Returns scaled latents, the posterior's mean, of pictures (B, H, W, 3)."""
        sample = pictures.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        return self.run("vae_encoder", {"sample": sample})[0] * np.float32(SCALING_FACTOR)


def generate(model: OnnxModel, prompts: Sequence[str], seeds: Sequence[int], how: Sampling) -> NDArray[np.uint8]:
    """Returns one picture a prompt, (B, H, W, 3): Euler with classifier-free guidance."""
    shape = (4, how.height_px // 8, how.width_px // 8)
    x = np.stack([np.random.default_rng(seed).standard_normal(shape, np.float32) for seed in seeds])
    context = model.encode_prompts([*prompts, *[how.negative] * len(prompts)])
    timesteps, path = sigmas(how.steps)
    x = x * np.sqrt(path[0] ** 2 + 1)
    for timestep, sigma, sigma_next in zip(timesteps, path, path[1:], strict=False):
        with_prompt, without = np.split(model.denoise(np.concatenate([x, x]), sigma, timestep, context), 2)
        denoised = without + how.guidance * (with_prompt - without)
        x = (x + (x - denoised) / sigma * (sigma_next - sigma)).astype(np.float32)
    return model.decode(x)


def generate_all(model: OnnxModel, prompts: Sequence[str], how: Sampling, *, batch: int = 8) -> NDArray[np.uint8]:
    """Returns pictures of any number of prompts, two batches at a time; the seed counts up with the prompt from 0."""
    starts, seeds = range(0, len(prompts), batch), range(len(prompts))
    with ThreadPoolExecutor(2) as pool:
        parts = pool.map(lambda i: generate(model, prompts[i : i + batch], seeds[i : i + batch], how), starts)
        return np.concatenate(list(parts))
