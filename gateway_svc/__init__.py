"""The gateway: AUTOMATIC1111's REST dialect on one side, latentwire.v1 over gRPC on the other."""
