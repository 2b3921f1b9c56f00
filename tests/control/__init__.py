"""The operator: the socket alone, the helm on a still market, and real commands in real processes."""
