"""Scenarios: scripted venues, the runs of a policy against them, and what must be true of those runs."""
