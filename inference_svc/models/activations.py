"""How much memory one row of a batch takes while it is computed: what bounds batches and picture sizes."""

from __future__ import annotations

from dataclasses import dataclass

from inference_svc.models.folder import Config, ModelFolder
from inference_svc.models.machine import usable_memory_bytes
from inference_svc.work import BatchKey, Kind

_FLOAT = 4
_COPIES = 2  # scores before and after softmax
_MAPS = 4  # feature maps of full size that live at a time
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Activations:
    """What a model's networks take for a row, from their configuration: attention scores and the largest maps."""

    unet_downsampling: int  # of the finest block with attention, along a side
    unet_heads: int
    unet_channels: int
    vae_channels: int
    latent_scale: int

    @classmethod
    def of(cls, folder: ModelFolder) -> Activations:
        """Reads them from a folder's configuration."""
        level = _finest_attention(folder.unet)
        return cls(
            unet_downsampling=2**level,
            unet_heads=_at(folder.unet.get("num_attention_heads") or folder.unet.get("attention_head_dim", 8), level),
            unet_channels=int(folder.unet["block_out_channels"][0]),
            vae_channels=int(folder.vae["block_out_channels"][0]),
            latent_scale=latent_scale(folder),
        )

    def row_bytes(self, key: BatchKey) -> int:
        """Returns an estimate, on the safe side, of the bytes that one row of a batch takes."""
        if key.kind is Kind.ENCODE_PROMPT:
            return 1 << 20
        height, width = key.shape[-2:]
        elements = height * width
        if key.kind is Kind.DENOISE:
            tokens = elements // self.unet_downsampling**2
            return _FLOAT * (_COPIES * self.unet_heads * tokens**2 + _MAPS * self.unet_channels * elements)
        pixels = elements if key.kind is Kind.ENCODE_IMAGE else elements * self.latent_scale**2
        return _FLOAT * (_COPIES * (pixels // self.latent_scale**2) ** 2 + _MAPS * self.vae_channels * pixels)

    def largest_side(self, budget: int, multiple: int, limit: int) -> int:
        """Returns the side of the largest square picture, a multiple of `multiple`, whose rows fit into the budget."""
        sides = range(limit - limit % multiple, multiple, -multiple)
        return next((side for side in sides if self._picture_bytes(side) <= budget), multiple)

    def _picture_bytes(self, side: int) -> int:
        shape = (1, side // self.latent_scale, side // self.latent_scale)
        return max(self.row_bytes(BatchKey(kind, "", shape)) for kind in (Kind.DENOISE, Kind.DECODE))


def latent_scale(folder: ModelFolder) -> int:
    """Returns pixels per latent element along a side: each block of the VAE but the last halves them."""
    return int(2 ** (len(folder.vae["block_out_channels"]) - 1))


def default_budget(device_kind: str) -> int:
    """Returns bytes that a batch may take: a quarter of the memory that we may use; 8 GiB on a GPU."""
    return usable_memory_bytes() // 4 if device_kind == "cpu" else 8 * _GIB


def _finest_attention(unet: Config) -> int:
    blocks = enumerate(unet["down_block_types"])
    return next((level for level, block in blocks if "CrossAttn" in block), len(unet["down_block_types"]) - 1)


def _at(values: int | list[int], level: int) -> int:
    return int(values[level] if isinstance(values, list) else values)
