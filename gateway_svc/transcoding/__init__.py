"""REST for any gRPC service whose methods have `google.api.http` annotations, from descriptors and a channel alone."""
