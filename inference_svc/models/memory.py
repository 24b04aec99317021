"""How much memory the device of the models has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from inference_svc.models.devices import Device
from inference_svc.models.machine import usable_memory_bytes

_STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Bytes; 0: not known. `process_bytes`: of main memory, this process's."""

    device: str
    total_bytes: int = 0
    free_bytes: int = 0
    process_bytes: int = 0


def device_memory(device: Device, statm: Path = _STATM) -> DeviceMemory:
    """Returns what is known of the device's memory now. ONNX Runtime tells nothing of a GPU's."""
    page = os.sysconf("SC_PAGE_SIZE")
    process = int(statm.read_text().split()[1]) * page if statm.is_file() else 0
    if device.kind != "cpu":
        return DeviceMemory(device.kind, process_bytes=process)
    total, free = usable_memory_bytes(), os.sysconf("SC_AVPHYS_PAGES") * page
    return DeviceMemory("cpu", total, min(total, free), process)
