"""The asyncio shell of a run: its house is an exchange in another process, its time is by the wall."""
