"""The pure core: `step(program, state, event) -> (state', commands)`; no YAML, socket, clock or log."""
