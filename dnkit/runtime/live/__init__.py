"""The asyncio shell of a live run: its house is the venues themselves, its time is the wall's."""
