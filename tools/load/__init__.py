"""Users of both faces against a pair, for a while: rates, latencies, and what was not as it has to be."""
