"""What can be set about the inference service: one frozen class, read once in main."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "LATENTWIRE_INFERENCE_"


class FakeSettings(BaseSettings):
    """How the fake misbehaves; nothing else reads it."""

    model_config = SettingsConfigDict(env_prefix=f"{ENV_PREFIX}FAKE_", frozen=True)

    step_time: float = Field(default=0.0, ge=0, le=60, description="Seconds that each evaluation of the fake takes.")
    fail_at_step: int = Field(default=0, ge=0, description="The fake's pictures fail at this evaluation; 0: never.")
    lose_device_at: int = Field(default=0, ge=0, description="The fake's device is lost at this batch; 0: never.")
    out_of_memory: bool = Field(default=False, description="The fake's device has no memory for any picture.")
    load_time: float = Field(default=0.0, ge=0, le=600, description="Seconds for which the fake's model is loading.")
    event_delay: float = Field(default=0.0, ge=0, le=60, description="Seconds before each event of the fake's streams.")
    tiny: bool = Field(default=False, description="The fake's pictures are 1×1, whatever size is asked for.")


class Settings(BaseSettings):
    """Every flag of `python -m inference_svc`, by its environment variable LATENTWIRE_INFERENCE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(default=50051, ge=0, le=65535, description="Port to listen on; 0: any free one.")
    engine: Literal["onnx", "torch", "fake"] = Field(default="onnx", description="What computes.")
    model: str = Field(default="", description="A model's folder, file or name; the embedded one when left out.")
    models_dir: Path | None = Field(default=None, description="Folder with more models, and with upscalers/*.onnx.")
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="Where it computes.")
    threads: int = Field(default=0, ge=0, le=1024, description="Threads of a CPU's device work; 0: as many as cores.")
    spinning: bool = Field(default=False, description="Let a CPU's threads spin between steps: for cores of its own.")
    max_waiting: int = Field(default=64, ge=1, le=100_000, description="Generations that may wait.")
    max_running: int = Field(default=32, ge=1, le=1024, description="Pictures in the works at a time.")
    shortest_share: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="Share of contended steps that goes to the shortest; the oldest has the rest.",
    )
    max_batch_rows: int | None = Field(default=None, ge=1, le=1024, description="Most rows of a batch; else learned.")
    drain_timeout: float = Field(default=30.0, ge=0, le=86_400, description="Seconds for running work on SIGTERM.")
    token: SecretStr | None = Field(default=None, description="Bearer token that calls must carry.")
    tls_cert: Path | None = Field(default=None, description="PEM file with the server's certificate chain.")
    tls_key: Path | None = Field(default=None, description="PEM file with the certificate's key.")
    metrics_port: int = Field(default=0, ge=0, le=65535, description="Port for Prometheus; 0: none.")
    replica: str = Field(default="", max_length=128, description="This replica's name; else host name and process id.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    fake: FakeSettings = Field(default_factory=FakeSettings)

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Settings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("--tls-cert and --tls-key go together: give both, or none")
        return self

    @property
    def is_open(self) -> bool:
        """True where others than this machine can call without TLS and without a token."""
        local = self.host in {"127.0.0.1", "::1", "localhost"}
        return not local and self.tls_cert is None and self.token is None
