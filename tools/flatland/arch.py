"""The three networks, in the configurations that diffusers and transformers know."""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextConfig, CLIPTextModel

from tools.flatland.shape import SCALING_FACTOR, TEXT_WIDTH, TOKEN_COUNT

VAE_WIDTHS = (32, 64, 128, 96)


def build_vae(widths: tuple[int, ...] = VAE_WIDTHS) -> AutoencoderKL:
    """Returns an autoencoder with random weights: f = 8, 4 latent channels."""
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=widths,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=128,
        scaling_factor=SCALING_FACTOR,
    )


def build_unet() -> UNet2DConditionModel:
    """Returns a UNet with random weights; `attention_head_dim` is the number of heads there."""
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(64, 96, 128),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
    )
    unet.set_attn_processor(AttnProcessor())
    return unet


def build_text_encoder(vocabulary_size: int) -> CLIPTextModel:
    """Returns a CLIP text encoder with random weights; the last two tokens are begin and end."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary_size,
            hidden_size=TEXT_WIDTH,
            projection_dim=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=TOKEN_COUNT,
            hidden_act="quick_gelu",
            bos_token_id=vocabulary_size - 2,
            eos_token_id=vocabulary_size - 1,
            pad_token_id=vocabulary_size - 1,
            attn_implementation="eager",
        )
    )


def parameter_count(model: torch.nn.Module) -> int:
    """Returns the number of weights."""
    return sum(parameter.numel() for parameter in model.parameters())
