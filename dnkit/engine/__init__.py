"""The pure core: `step(program, state, event) -> (state', commands)`. Knows neither YAML, sockets, clocks nor logs."""
