"""Identifiers are computed, never drawn: a replay makes the same ones."""

RUN_ID_LENGTH = 12


def order_key(run_id: str, leg: str, order: int) -> str:
    """Client order id of the `order`-th order of a leg (counted from 1) in a run.

    A venue that wants another form (uint32, 128 bit hex) derives it from this text in its adapter.
    """
    return f"{run_id}-{leg}-{order}"
