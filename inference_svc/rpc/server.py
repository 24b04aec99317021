"""The grpc.aio server: what it serves, where it listens, how it drains."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from inference_svc.rpc.aside import Aside
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.contract import METHODS, SERVICES
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.denoising.servicer import DenoisingServicer
from inference_svc.rpc.generation.admission import Admission, Stand
from inference_svc.rpc.generation.book import Book, BookSettings
from inference_svc.rpc.generation.servicer import GenerationServicer
from inference_svc.rpc.health import Health
from inference_svc.rpc.interceptors.around import AroundInterceptor
from inference_svc.rpc.interceptors.auth import require_token
from inference_svc.rpc.interceptors.errors import errors_as_status
from inference_svc.rpc.interceptors.identity import Identity, identified
from inference_svc.rpc.interceptors.observe import observed
from inference_svc.rpc.metrics import RpcMetrics
from inference_svc.rpc.models import ModelServicer
from inference_svc.rpc.not_yet import NOT_YET
from inference_svc.rpc.postprocessing import PostprocessingServicer
from inference_svc.rpc.registration import method_name, refuse, service_handler
from inference_svc.rpc.upscaling import UpscalingAdmission

RECEIVE_LIMIT = 64 * 2**20
_LAST_WORDS_S = 0.25
_LAST_READS_S = 2.0  # waited for only while somebody reads: a busy machine may be long about a few bytes

OPTIONS = (
    ("grpc.max_receive_message_length", RECEIVE_LIMIT),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 20_000),
    ("grpc.so_reuseport", 0),
)
"""Clients ping every 30 s at most; pings from every 20 s on are accepted. A port belongs to one process."""


class CannotListen(Exception):
    """Nobody can listen there; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen and what callers must show; `tls`: (key, certificate chain) in PEM."""

    host: str = "127.0.0.1"
    port: int = 0
    token: str = ""
    tls: tuple[bytes, bytes] | None = None
    replica: str = ""
    book: BookSettings = field(default_factory=BookSettings)


class Server:
    """The service around one backend. Its life: `start`, `serving`, `drain`."""

    def __init__(self, backend: Backend, listening: Listening, metrics: RpcMetrics | None = None) -> None:
        self._backend, self._listening = backend, listening
        self._metrics = metrics or RpcMetrics()
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="pictures")
        self._aside = Aside(self._executor)
        self._health = Health([service.full_name for service in SERVICES])
        self._server: grpc.aio.Server | None = None
        self.book = Book(backend.engine, listening.book)
        self.port = listening.port

    async def start(self) -> int:
        """Listens, and answers that it is not serving yet. Returns the port. Raises CannotListen."""
        self._server = grpc.aio.server(interceptors=self._interceptors(), options=OPTIONS)
        self._register(self._server)
        self.port = self._bind(self._server)
        await self._health.begin()
        await self._server.start()
        return self.port

    async def serving(self) -> None:
        """Says by health that requests are welcome."""
        await self._health.serving()

    async def not_serving(self) -> None:
        """Says by health, and for good, that they are not."""
        await self._health.stopping()

    async def drain(self, grace_s: float) -> None:
        """Refuses new work and says NOT_SERVING, lets running work end within the grace and be read, then stops."""
        assert self._server is not None
        loop, until = asyncio.get_running_loop(), asyncio.get_running_loop().time() + grace_s
        self._backend.engine.drain()
        await self.not_serving()
        await loop.run_in_executor(None, self._backend.engine.shutdown, grace_s)
        await self.book.read_to_the_end(max(until - loop.time(), _LAST_READS_S))
        await self._server.stop(_LAST_WORDS_S)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _interceptors(self) -> list[grpc.aio.ServerInterceptor]:
        """The first one is the outermost."""
        listening = self._listening
        replica = listening.replica or f"{listening.host}:{listening.port}"
        around = [
            identified(Identity(replica, self._backend.engine_name)),
            errors_as_status,
            observed(self._metrics),
            *([require_token(listening.token)] if listening.token else []),
        ]
        return [AroundInterceptor(around, self._backend.stall_s)]

    def _register(self, server: grpc.aio.Server) -> None:
        servicers = self._servicers()
        server.add_generic_rpc_handlers(
            tuple(service_handler(service, servicers.get(service.name), self._backend.fallback) for service in SERVICES)
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health.servicer, server)
        names = [*(service.full_name for service in SERVICES), health.SERVICE_NAME, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names, server)

    def _servicers(self) -> dict[str, object]:
        backend = self._backend
        stand = Stand(backend, self.book, self._executor, self._aside)
        rpcs = [
            f"{method.containing_service.name}/{method.name}"
            for method in METHODS
            if method_name(method) not in NOT_YET or backend.fallback is not refuse
        ]
        return {
            "GenerationService": GenerationServicer(Admission(stand), self.book, backend),
            "DenoisingService": DenoisingServicer(Bench(backend, self.book, self._aside)),
            "ModelService": ModelServicer(backend.catalogue, rpcs),
            "PostprocessingService": PostprocessingServicer(UpscalingAdmission(stand), backend.captioner, self._aside),
        }

    def _bind(self, server: grpc.aio.Server) -> int:
        address = f"{_bracketed(self._listening.host)}:{self._listening.port}"
        try:
            if self._listening.tls is None:
                return server.add_insecure_port(address)
            return server.add_secure_port(address, grpc.ssl_server_credentials([self._listening.tls]))
        except RuntimeError as error:
            raise CannotListen(f"Cannot listen on {address}: the address is taken or not this machine's.") from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
