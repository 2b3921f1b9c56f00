"""What the figures of a report suggest, and what they cannot show."""

from decimal import Decimal

from dnkit.readers.cycle import CycleRow
from dnkit.readers.stats import Rate, rate

FEW_FILLS = Decimal("0.5")
MANY_TIMEOUTS = ((Decimal("0.4"), "10s"), (Decimal("0.2"), "7s"))


def advise(rows: list[CycleRow]) -> list[str]:
    """Advice on the post-only windows of opens, a sentence each; none where nothing calls for it.

    In a close one leg's order is withdrawn because the other filled: that is no time-out to mend.
    """
    rows, advice = [row for row in rows if row.intent == "open"], []
    tried = sum(row.hedge_post_only for row in rows)
    hedge = rate(sum(row.hedge_post_only_filled for row in rows), tried)
    if hedge.share is not None and hedge.share < FEW_FILLS:
        advice.append(
            f"Post-only hedges filled {percent(hedge)}: give them longer (--set hedge_for=5s)."
            " If they stay below 50 %, leave that phase out."
        )
    late = rate(sum(row.timeouts > 0 for row in rows), sum(row.quote_post_only > 0 for row in rows))
    for bound, window in MANY_TIMEOUTS:
        if late.share is not None and late.share > bound:
            advice.append(f"Quotes ran out of time in {percent(late)}: lengthen their window to {window}.")
            break
    unwinds = sum(row.emergency_unwinds for row in rows)
    if unwinds:
        advice.append(f"{unwinds} of {len(rows)} cycles gave a filled leg back: look at the hedge ladder.")
    return advice


def honesty(success: Rate) -> str:
    """What a success rate over that many cycles can and cannot show."""
    if success.low is None or success.high is None:
        return "No cycle was run, so nothing can be said."
    text = (
        f"{success.hits} of {success.of} cycles reached their end; with 95 % confidence the true rate lies"
        f" between {_percent(success.low)} and {_percent(success.high)}."
    )
    if success.low < Decimal("0.95"):
        text += " To show more than 95 % takes about 470 cycles at a true 97 %, or 120 at a true 99 %."
    return text


def percent(value: Rate) -> str:
    """Like `60 % (3 of 5, 95 % interval 23-88 %)`."""
    if value.share is None or value.low is None or value.high is None:
        return "- (0 of 0)"
    low = _percent(value.low).removesuffix(" %")
    return f"{_percent(value.share)} ({value.hits} of {value.of}, 95 % interval {low}-{_percent(value.high)})"


def _percent(share: Decimal) -> str:
    return f"{(share * 100).quantize(Decimal(1))} %"
