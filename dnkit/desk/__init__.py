"""The desk: what stands between a run and its venues, without a clock, a socket or a file of its own."""
