from __future__ import annotations

from gateway_svc.inference.channels import GENERATION_SERVICE, SAFE_TO_REPEAT, service_config
from latentwire.v1 import (
    denoising_service_pb2,
    generation_service_pb2,
    model_service_pb2,
    postprocessing_service_pb2,
)

CONTRACT = {
    f"{service.full_name}/{method.name}": method
    for module in (generation_service_pb2, denoising_service_pb2, model_service_pb2, postprocessing_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
REPEATED = {f"{service}/{name}" for service, names in SAFE_TO_REPEAT.items() for name in names}


def test_what_changes_something_or_streams_is_never_repeated() -> None:
    never = {name for name, method in CONTRACT.items() if method.server_streaming}
    never |= {f"{GENERATION_SERVICE}/{name}" for name in ("CancelGeneration", "StopGeneration")}
    never |= {"latentwire.v1.ModelService/UnloadModel"}
    assert set(CONTRACT) - REPEATED == never
    assert set(CONTRACT) > REPEATED


def test_only_a_lost_connection_is_repeated_so_that_memory_that_ran_out_is_not() -> None:
    (config,) = service_config(healthy=True)["methodConfig"]
    assert config["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]
    assert {f"{each['service']}/{each['method']}" for each in config["name"]} == REPEATED


def test_models_can_be_loaded_where_no_generation_is_taken() -> None:
    assert service_config(healthy=True)["healthCheckConfig"] == {"serviceName": GENERATION_SERVICE}
    assert "healthCheckConfig" not in service_config(healthy=False)
