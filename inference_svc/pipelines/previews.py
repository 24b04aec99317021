"""A cheap look at unfinished latents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference_svc.pipelines.spec import Pixels
from inference_svc.sampling import to_numpy
from inference_svc.work import Array


def preview(latents: Array, latent_to_rgb: Sequence[Sequence[float]]) -> Pixels:
    """Returns a picture (h, w, 3) as small as the latents (1, C, h, w): a linear map of channels to RGB.

    `latent_to_rgb`: C rows and a bias, each RGB in 0..1; without any (a model that has none) the first channel is shown
    in grey.
    """
    values = to_numpy(latents)[0].astype(np.float32)
    if latent_to_rgb:
        weights = np.asarray(latent_to_rgb, dtype=np.float32)
        rgb = np.tensordot(values, weights[:-1], axes=(0, 0)) + weights[-1]
    else:
        rgb = np.repeat(values[0, :, :, None] / 6 + 0.5, 3, axis=2)
    shown: Pixels = (np.clip(np.nan_to_num(rgb), 0, 1) * 255 + 0.5).astype(np.uint8)
    return shown
