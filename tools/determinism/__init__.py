"""Whether the same request gives the same bytes: in another process, another order, another company."""
