"""Models: where they are, how they are loaded, and the runner that computes the engine's batches with them.

The only code that imports onnxruntime, torch or diffusers; none of them is imported before a model is loaded.
"""

from __future__ import annotations

from inference_svc.models.captioner import FILE as CAPTIONER_FILE
from inference_svc.models.captioner import Captioner
from inference_svc.models.catalog import Catalog
from inference_svc.models.devices import Device, choose_device
from inference_svc.models.loaded import LoadedModel, ModelRunner
from inference_svc.models.loading import Loader
from inference_svc.models.memory import DeviceMemory, device_memory
from inference_svc.models.onnx_graph import OnnxSettings
from inference_svc.models.registry import Entry, Registry
from inference_svc.models.states import ModelState
from inference_svc.models.tokenizer import ClipTokenizer
from inference_svc.models.upscalers import Upscalers

__all__ = [
    "CAPTIONER_FILE",
    "Captioner",
    "Catalog",
    "ClipTokenizer",
    "Device",
    "DeviceMemory",
    "Entry",
    "LoadedModel",
    "Loader",
    "ModelRunner",
    "ModelState",
    "OnnxSettings",
    "Registry",
    "Upscalers",
    "choose_device",
    "device_memory",
]
