"""The three ways of `dnkit trade`: anew, going on with a run that was cut off, or in a process that is
watched.
"""

from dnkit.cli.outcome import Asked


def trading(asked: Asked, *, watched: bool) -> int:
    """Trade as asked; answers the exit code."""
    if watched:
        from dnkit.cli.watched import trade_watched

        return trade_watched(asked)
    if asked.resume:
        from dnkit.cli.resume import resume

        return resume(asked)
    from dnkit.cli.trade import trade

    return trade(asked)
