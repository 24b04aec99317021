"""Bodies of /sdapi/v1/txt2img and img2img: every field that A1111 has, with its default.

`null` stands for the default where A1111 takes it, and stays null in the echo. Unknown fields are ignored.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from gateway_svc.sdapi.coercion import Number, Seed, Text, Whole


class GenerationRequest(BaseModel):
    """What both routes take."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    prompt: Text | None = ""
    negative_prompt: Text | None = ""
    styles: list[Text] | None = None
    seed: Seed | None = -1
    subseed: Seed | None = -1
    subseed_strength: Number | None = 0.0
    seed_resize_from_h: Whole | None = -1
    seed_resize_from_w: Whole | None = -1
    sampler_name: Text | None = None
    scheduler: Text | None = None
    batch_size: Whole | None = 1
    n_iter: Whole | None = 1
    steps: Whole | None = 50
    cfg_scale: Number | None = 7.0
    width: Whole | None = 512
    height: Whole | None = 512
    restore_faces: bool | None = None
    tiling: bool | None = None
    do_not_save_samples: bool | None = False
    do_not_save_grid: bool | None = False
    eta: Number | None = None
    denoising_strength: Number | None = None
    s_min_uncond: Number | None = None
    s_churn: Number | None = None
    s_tmax: Number | None = None
    s_tmin: Number | None = None
    s_noise: Number | None = None
    override_settings: dict[str, Any] | None = None
    override_settings_restore_afterwards: bool | None = True
    refiner_checkpoint: Text | None = None
    refiner_switch_at: Number | None = None
    disable_extra_networks: bool | None = False
    firstpass_image: Text | None = None
    comments: dict[str, Any] | None = None
    sampler_index: Text = "Euler"
    script_name: Text | None = None
    script_args: list[Any] = []
    send_images: bool = True
    save_images: bool = False
    alwayson_scripts: dict[str, Any] = {}
    force_task_id: Text | None = None
    infotext: Text | None = None

    def filled(self) -> Self:
        """A copy with the default in place of every null."""
        fields = type(self).model_fields
        return self.model_copy(
            update={name: fields[name].get_default() for name, value in self if value is None},
        )


class Txt2ImgRequest(GenerationRequest):
    """The body of txt2img."""

    enable_hr: bool | None = False
    firstphase_width: Whole | None = 0
    firstphase_height: Whole | None = 0
    hr_scale: Number | None = 2.0
    hr_upscaler: Text | None = None
    hr_second_pass_steps: Whole | None = 0
    hr_resize_x: Whole | None = 0
    hr_resize_y: Whole | None = 0
    hr_checkpoint_name: Text | None = None
    hr_sampler_name: Text | None = None
    hr_scheduler: Text | None = None
    hr_prompt: Text | None = ""
    hr_negative_prompt: Text | None = ""


class Img2ImgRequest(GenerationRequest):
    """The body of img2img."""

    init_images: list[Text] | None = None
    denoising_strength: Number = 0.75
    resize_mode: Whole | None = 0
    image_cfg_scale: Number | None = None
    mask: Text | None = None
    mask_blur_x: Whole | None = 4
    mask_blur_y: Whole | None = 4
    mask_blur: Whole | None = None
    mask_round: bool | None = True
    inpainting_fill: Whole | None = 0
    inpaint_full_res: bool | None = True
    inpaint_full_res_padding: Whole | None = 0
    inpainting_mask_invert: Whole | None = 0
    initial_noise_multiplier: Number | None = None
    latent_mask: Text | None = None
    include_init_images: bool = False
