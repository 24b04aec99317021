"""Who runs next: requests, batches, and the one thread that owns the device. No grpc, no protobuf.

    engine = Engine(runner, EngineSettings(max_waiting=64))
    engine.start()
    engine.submit(Request("id", batches=((pipeline_factory, ...), ...), evaluations=40, listener=on_event, key=key))
    engine.shutdown(grace_s=30)

Every method may be called from any thread, and none waits for the device but `shutdown`.

`submit(request)` raises at once: AlreadyExists, QueueFull and DeadlineUnreachable (both with retry_after_s),
Unavailable (DRAINING, DEVICE_LOST).
`cancel(request_id, error=None) -> bool`, `stop(request_id, current_batch=False) -> bool`: whether the id waits or runs.
Both are seen before the next evaluation. `hold(request_id)` and `release(request_id)`: no device work meanwhile.
`position(request_id) -> int | None`: how many go before it, None once it runs. `eta_s(request_id)`: seconds to the
end, `start_eta_s(request_id)`: to the start; None where nothing has been measured. `counts() -> (waiting, running)`.
`now()`: the clock that `Request.deadline` is on. `between_ticks(function)`: calls it on the device thread between two
evaluations, to swap models. `drain()` refuses new work; `shutdown(grace_s)` drains, waits, cancels the rest.

Listeners are called on the engine thread, in order: Started, then Reported and PictureDone, then exactly one Finished.
They must be quick (hand over by `loop.call_soon_threadsafe`); what they raise is logged and ignored. A request that
ends before anything of it ran gets Finished alone. `on_lost(error)` is called once when the device is gone; by then
every request has got its Finished, and the process is to end.
"""

from inference_svc.engine.engine import Engine
from inference_svc.engine.events import EngineEvent, Finished, Outcome, PictureDone, Reported, RequestStats, Started
from inference_svc.engine.metrics import EngineMetrics
from inference_svc.engine.request import Request
from inference_svc.engine.runner import DeviceLost, Runner
from inference_svc.engine.settings import EngineSettings

__all__ = [
    "DeviceLost",
    "Engine",
    "EngineEvent",
    "EngineMetrics",
    "EngineSettings",
    "Finished",
    "Outcome",
    "PictureDone",
    "Reported",
    "Request",
    "RequestStats",
    "Runner",
    "Started",
]
