"""The operator's socket: what is said on it, the engine's end, the caller's end."""
