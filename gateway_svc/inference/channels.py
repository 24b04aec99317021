"""Channels to the inference service: to one replica, and to whichever of several is next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from grpc import aio

GENERATION_SERVICE: Final = "latentwire.v1.GenerationService"
MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
SAFE_TO_REPEAT: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        GENERATION_SERVICE: ("GetGeneration", "ListGenerations"),
        "latentwire.v1.ModelService": (
            *("ListModels", "GetModel", "ListSamplers", "ListSchedulers"),
            *("ListUpscalers", "ListLoras", "ListEmbeddings"),
        ),
        "latentwire.v1.DenoisingService": (*("EncodePrompt", "PrepareLatents", "PredictDenoised", "EncodeImage"),),
        "latentwire.v1.PostprocessingService": ("DescribeImage",),
    }
)
"""What only reads, or is a function of its request: asked once more when the connection fails.

A generation is none of these: what becomes of it when its replica is lost is decided where its events are seen. Memory
that ran out is RESOURCE_EXHAUSTED, which nothing here repeats.
"""
_RETRIES: Final = MappingProxyType(
    {
        "maxAttempts": 3,
        "initialBackoff": "0.05s",
        "maxBackoff": "0.5s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
)
_OPTIONS: Final[Sequence[tuple[str, int]]] = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # Not a pause, whatever its name: how long a connection may take, and a busy machine is slow to greet.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
)


# A proxy of the environment would be asked for all addresses of a list as if they were one.
_NO_PROXY: Final = ("grpc.enable_http_proxy", 0)


def to_one(target: str, *, of_several: bool = False) -> aio.Channel:
    """A channel to one replica, on which nothing is repeated. One of several is called without a proxy, as all are."""
    direct = (_NO_PROXY,) if of_several else ()
    return aio.insecure_channel(target, options=(*_OPTIONS, ("grpc.enable_retries", 0), *direct))


def to_any(target: str, *, healthy: bool) -> aio.Channel:
    """A channel on which replicas take turns; with `healthy`, only those that say that they take generations."""
    configured = ("grpc.service_config", json.dumps(service_config(healthy=healthy)))
    own = ("grpc.service_config_disable_resolution", 1)
    return aio.insecure_channel(target, options=(*_OPTIONS, _NO_PROXY, configured, own))


def service_config(*, healthy: bool) -> dict[str, Any]:
    """gRPC's service config: turns, health, and what is repeated."""
    names = [{"service": service, "method": name} for service, known in SAFE_TO_REPEAT.items() for name in known]
    config: dict[str, Any] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [{"name": names, "retryPolicy": dict(_RETRIES)}],
    }
    return config | ({"healthCheckConfig": {"serviceName": GENERATION_SERVICE}} if healthy else {})
