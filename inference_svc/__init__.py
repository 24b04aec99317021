"""The inference service: an engine that samples images and the RPCs that reach it."""
