"""Waits until an inference service has nothing left to do: whatever clients gave up must end."""

from __future__ import annotations

import time

import grpc

from latentwire.v1.generation_service_pb2 import ListGenerationsRequest
from latentwire.v1.generation_service_pb2_grpc import GenerationServiceStub
from latentwire.v1.types_pb2 import GENERATION_STATE_RUNNING, GENERATION_STATE_WAITING

_LOOK_EVERY_S = 0.1


def left_over(address: str, within_s: float) -> int:
    """How many generations are still waiting or running after that time; 0 at once when none is."""
    unfinished = ListGenerationsRequest(states=[GENERATION_STATE_WAITING, GENERATION_STATE_RUNNING])
    deadline = time.monotonic() + within_s
    with grpc.insecure_channel(address) as channel:
        stub = GenerationServiceStub(channel)
        while left := len(stub.ListGenerations(unfinished, timeout=within_s).generations):
            if time.monotonic() > deadline:
                break
            time.sleep(_LOOK_EVERY_S)
    return left
