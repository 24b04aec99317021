"""Every RPC of the contract is answered; the table of those that are not yet written is exact."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from inference_svc.rpc.contract import METHODS
from inference_svc.rpc.not_yet import NOT_YET
from inference_svc.rpc.registration import method_name
from latentwire.errors import LatentwireError, Unimplemented
from latentwire.status import from_rpc_error
from tests.contract.serving import PATIENCE_S, Serving


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
async def test_exactly_the_rpcs_of_the_table_are_unimplemented_and_not_by_the_fake(
    grpc_server: Serving, method: MethodDescriptor
) -> None:
    error = await _called(grpc_server.channel, method)
    unimplemented = isinstance(error, Unimplemented)
    assert unimplemented == (grpc_server.backend.engine_name != "fake" and method_name(method) in NOT_YET)


def test_the_table_names_rpcs_that_exist() -> None:
    assert set(NOT_YET) <= {method_name(method) for method in METHODS}


async def _called(channel: grpc.aio.Channel, method: MethodDescriptor) -> LatentwireError | None:
    """Calls an RPC with an empty request; returns its error."""
    make: Any = channel.unary_stream if method.server_streaming else channel.unary_unary
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    call = make(f"/{method_name(method)}", request.SerializeToString, response.FromString)(
        request(), timeout=PATIENCE_S
    )
    try:
        if not method.server_streaming:
            await call
        else:
            async for _ in call:
                pass
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error)
    return None
