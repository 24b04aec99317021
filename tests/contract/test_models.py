"""ModelService, the same against the fake and against the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference_svc.fake.backend import FakeOptions, fake_backend
from inference_svc.sampling import SAMPLERS, SCHEDULERS
from latentwire.errors import FailedPrecondition, NotFound
from latentwire.v1 import model_service_pb2 as m
from latentwire.v1 import model_service_pb2_grpc as mg
from latentwire.v1 import types_pb2 as t
from tests.contract.gate import Gate
from tests.contract.serving import Serving, asked, failure, make, serving, until

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Pictures
    from latentwire.v1.model_service_pb2_grpc import ModelServiceAsyncStub as Stub


async def test_the_loaded_model_is_listed_with_what_it_can_do(models: Stub) -> None:
    answer = await models.ListModels(m.ListModelsRequest())
    (model,) = [model for model in answer.models if model.is_default]
    assert model.state == t.MODEL_STATE_LOADED
    assert len(model.sha256) == 64
    assert model.capabilities.size_multiple == 8
    assert model.capabilities.latent_channels == 4
    assert 0 < model.capabilities.sigma_min < model.capabilities.sigma_max
    assert "GenerationService/GenerateImage" in model.capabilities.rpcs
    assert answer.memory.device


async def test_looking_at_the_disk_again_changes_nothing_where_nothing_changed(models: Stub) -> None:
    before = await models.ListModels(m.ListModelsRequest())
    assert (await models.ListModels(m.ListModelsRequest(refresh=True))).models == before.models


async def test_one_model_is_told_as_it_is_listed(models: Stub) -> None:
    listed = (await models.ListModels(m.ListModelsRequest())).models[0]
    assert (await models.GetModel(m.GetModelRequest(name=listed.name))).model == listed


async def test_only_the_fake_is_of_the_family_fake(models: Stub, grpc_server: Serving) -> None:
    families = {model.family for model in (await models.ListModels(m.ListModelsRequest())).models}
    assert ("fake" in families) == (grpc_server.backend.engine_name == "fake")


async def test_a_model_that_is_not_here_is_not_found(models: Stub) -> None:
    for call in (
        models.GetModel(m.GetModelRequest(name="nobody")),
        models.UnloadModel(m.UnloadModelRequest(name="nobody")),
        models.LoadModel(m.LoadModelRequest(name="nobody")),
    ):
        error = await failure(call)
        assert (type(error), error.reason) == (NotFound, "MODEL_NOT_FOUND")


async def test_loading_ends_with_the_model(models: Stub) -> None:
    name = (await models.ListModels(m.ListModelsRequest())).models[0].name
    answers = [answer async for answer in models.LoadModel(m.LoadModelRequest(name=name))]
    assert answers[-1].fraction == 1.0
    assert answers[-1].model.state == t.MODEL_STATE_LOADED


async def test_a_model_that_was_freed_can_be_loaded_again(models: Stub) -> None:
    name = (await models.ListModels(m.ListModelsRequest())).models[0].name
    await models.UnloadModel(m.UnloadModelRequest(name=name))
    answers = [answer async for answer in models.LoadModel(m.LoadModelRequest(name=name, make_default=True))]
    assert answers[-1].model.is_default
    assert answers[-1].model.state == t.MODEL_STATE_LOADED


async def test_loading_tells_how_far_it_is_and_what_it_does(models: Stub) -> None:
    name = (await models.ListModels(m.ListModelsRequest())).models[0].name
    await models.UnloadModel(m.UnloadModelRequest(name=name))
    answers = [answer async for answer in models.LoadModel(m.LoadModelRequest(name=name))]
    fractions = [answer.fraction for answer in answers]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] == 1
    assert all(answer.stage for answer in answers)
    assert [answer.HasField("model") for answer in answers] == [False] * (len(answers) - 1) + [True]


async def test_a_model_that_was_freed_makes_no_pictures_until_it_is_loaded(models: Stub, generation: Pictures) -> None:
    name = (await models.ListModels(m.ListModelsRequest())).models[0].name
    freed = (await models.UnloadModel(m.UnloadModelRequest(name=name))).model
    error = await failure(generation.GenerateImage(asked()))
    assert [answer async for answer in models.LoadModel(m.LoadModelRequest(name=name))]
    assert freed.state == t.MODEL_STATE_AVAILABLE
    assert (type(error), error.reason) == (FailedPrecondition, "MODEL_NOT_LOADED")
    assert (await make(generation, asked())).completed.image_count == 1


async def test_a_model_is_freed_once_what_uses_it_has_ended(gated: Serving, gate: Gate) -> None:
    models = mg.ModelServiceStub(gated.channel)
    name = (await models.ListModels(m.ListModelsRequest())).models[0].name
    call = gated.generation.GenerateImage(asked(steps=1))
    await until(lambda: gate.begun == 1)
    asked_to = (await models.UnloadModel(m.UnloadModelRequest(name=name))).model
    gate.open()
    assert [event async for event in call][-1].completed.image_count == 1
    await until(lambda: gated.backend.catalogue.entries()[0].state == "available")
    assert asked_to.state == t.MODEL_STATE_LOADED


async def test_memory_is_told_as_far_as_it_is_known(models: Stub, engine: str) -> None:
    answer = await models.ListModels(m.ListModelsRequest())
    memory = answer.memory
    assert (memory.total_bytes >= memory.free_bytes > 0, memory.process_bytes > 0) == ((engine == "real",) * 2)
    assert (answer.models[0].memory_bytes > 0) == (engine == "real")


async def test_samplers_and_schedulers_are_those_of_the_registry(models: Stub) -> None:
    samplers = (await models.ListSamplers(m.ListSamplersRequest())).samplers
    schedulers = (await models.ListSchedulers(m.ListSchedulersRequest())).schedulers
    assert [sampler.name for sampler in samplers] == list(SAMPLERS)
    assert [scheduler.name for scheduler in schedulers] == list(SCHEDULERS)


async def test_upscalers_are_told_apart_by_what_they_work_on(models: Stub) -> None:
    upscalers = (await models.ListUpscalers(m.ListUpscalersRequest())).upscalers
    kinds = {upscaler.name: upscaler.kind for upscaler in upscalers}
    assert (kinds["Lanczos"], kinds["Latent"]) == (m.UPSCALER_KIND_IMAGE, m.UPSCALER_KIND_LATENT)


async def test_there_are_no_loras_and_no_embeddings_yet(models: Stub) -> None:
    assert not (await models.ListLoras(m.ListLorasRequest())).loras
    assert not (await models.ListEmbeddings(m.ListEmbeddingsRequest())).embeddings


async def test_a_model_that_is_loading_is_listed_as_such() -> None:
    async with serving(fake_backend(FakeOptions(load_time_s=60))) as running:
        answer = await mg.ModelServiceStub(running.channel).ListModels(m.ListModelsRequest())
        assert [model.state for model in answer.models] == [t.MODEL_STATE_LOADING]
        assert not answer.models[0].HasField("capabilities")
