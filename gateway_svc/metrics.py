"""What is counted, and where it can be read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

router = APIRouter(tags=["health"])
_BUCKETS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_UNKNOWN_ROUTE: Final = "unknown"


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "latentwire_gateway_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "latentwire_gateway_request_seconds",
            "From a request's first byte to its answer's last.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge("latentwire_gateway_in_flight", "Requests being answered.", registry=self.registry)
        self.images = Counter("latentwire_gateway_images", "Pictures returned.", registry=self.registry)
        self.replica_generations = Counter(
            "latentwire_gateway_replica_generations",
            "Generations that a replica has taken. Only where there are several.",
            ("replica",),
            registry=self.registry,
        )
        self.replica_serving = Gauge(
            "latentwire_gateway_replica_serving",
            "1 for a replica that takes generations, 0 for one that does not.",
            ("replica",),
            registry=self.registry,
        )
        self.failovers = Counter(
            "latentwire_gateway_failovers",
            "Generations carried on by another replica when theirs was lost.",
            registry=self.registry,
        )
        self.steps_recomputed = Counter(
            "latentwire_gateway_steps_recomputed",
            "Steps recomputed: those that came after the last resume point of a lost replica.",
            registry=self.registry,
        )

    def begun(self, replica: str) -> None:
        """A replica has taken a generation."""
        self.replica_generations.labels(replica).inc()

    def failed_over(self, steps_recomputed: int) -> None:
        """A generation goes on at another replica."""
        self.failovers.inc()
        self.steps_recomputed.inc(steps_recomputed)

    def serving(self, replicas: Mapping[str, bool]) -> None:
        """Which replicas take generations, as of now."""
        self.replica_serving.clear()
        for replica, yes in replicas.items():
            self.replica_serving.labels(replica).set(yes)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus text."""
    request.app.state.metrics.serving(await request.app.state.services.inference.serving())
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


class Measured:
    """Counts every request by its route's template, never by a path that a caller made up."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 499

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        with self._metrics.in_flight.track_inprogress():
            try:
                await self._app(scope, receive, noted)
            finally:
                self._count(scope, status, time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, took_s: float) -> None:
        method = scope["method"] if "route" in scope else _UNKNOWN_ROUTE
        route = getattr(scope.get("route"), "path", _UNKNOWN_ROUTE)
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(took_s)
