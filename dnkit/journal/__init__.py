"""The record of every run: written before the act, chained, replayable, readable with any SQLite tool."""
