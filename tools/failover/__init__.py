"""Replicas killed under load: every request is to be answered with the picture that it would have had."""
