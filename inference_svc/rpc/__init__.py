"""The gRPC face of the engine: servicers, conversion between messages and dataclasses, interceptors, the server."""
