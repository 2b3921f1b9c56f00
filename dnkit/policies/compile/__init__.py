"""Policy -> Program: what the engine runs."""
