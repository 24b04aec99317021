"""A network that says what a picture shows, as it lies beside a model: one graph, and the model's own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from inference_svc.models.devices import Device
from inference_svc.models.folder import unusable
from inference_svc.models.networks import Float32
from inference_svc.models.onnx_graph import Array, Graph, OnnxSettings
from inference_svc.models.tokenizer import ClipTokenizer, read_tokenizer

FILE = "captioner/model.onnx"
"""Where it lies in a model's folder."""

_IMAGE, _TOKENS, _SCORES = "image", "tokens", "scores"
_SIDE_PX, _LONGEST = 128, 32


@dataclass(frozen=True, slots=True)
class Captioner:
    """A loaded network: `image` (B, 3, H, W) in 0..1 and `tokens` (B, T) to `scores` (B, T, V) of the next ones.

    `size`: width and height that its pictures have. Called by one thread only.
    """

    graph: Graph
    tokenizer: ClipTokenizer
    size: tuple[int, int]

    @classmethod
    def load(cls, folder: Path, device: Device, settings: OnnxSettings) -> Captioner:
        """Loads that of a model's folder. Raises FailedPrecondition where it is none, OutOfMemory."""
        graph = Graph(folder / FILE, device, settings)
        graph.require((_IMAGE, _TOKENS), _SCORES)
        if len(graph.inputs[_IMAGE].axes) != 4:
            raise unusable(f"{folder / FILE} takes {_IMAGE} {list(graph.inputs[_IMAGE].axes)}, expected (B, 3, H, W)")
        size = graph.fixed(_IMAGE, 3) or _SIDE_PX, graph.fixed(_IMAGE, 2) or _SIDE_PX
        return cls(graph, read_tokenizer(folder / "tokenizer"), size)

    def caption(self, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
        """Returns the likeliest word after the likeliest word, for pixels (H, W, 3). Raises OutOfMemory, Internal."""
        return self.tokenizer.decode(list(self._likeliest(self._fitted(pixels))))

    def _fitted(self, pixels: Array) -> Float32:
        picture = Image.fromarray(pixels).resize(self.size, Image.Resampling.BOX)
        return np.asarray(picture, np.float32).transpose(2, 0, 1)[None] / np.float32(255)

    def _likeliest(self, image: Float32) -> Iterator[int]:
        tokens = [self.tokenizer.start_id]
        while len(tokens) < _LONGEST:
            scores = self.graph.run(_SCORES, {_IMAGE: image, _TOKENS: np.array([tokens], np.int64)})
            tokens.append(int(scores[0, -1].argmax()))
            if tokens[-1] == self.tokenizer.end_id:
                return
            yield tokens[-1]
