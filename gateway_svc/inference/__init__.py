"""The gateway's side of the wire to the inference service."""
