"""`dnkit venues`: what is known of each venue."""

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.live.setup import NOT_YET
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import from_mbps, from_pico, plain
from dnkit.policies.diagnostics import did_you_mean
from dnkit.runtime.library import VenueFacts, conformance

HEADERS = ("venue", "order types", "symbols", "seen live", "cards")


class UnknownVenue(DnkitError):
    """There is no capability file of that venue."""

    exit_code = ExitCode.USAGE


def venues(name: str, *, as_json: bool) -> int:
    """All venues in short, or one with every fact and its source."""
    facts = VenueFacts()
    if name and name not in facts:
        raise UnknownVenue(f"no facts are known of venue `{name}`; {did_you_mean(name, facts)}")
    if as_json:
        names = [name] if name else list(facts)
        out.envelope("venues/1", {"venues": [_content(facts, one) for one in names]}, ok=True)
    elif name:
        _show(facts, name)
    else:
        out.data(out.table(HEADERS, [_row(facts, one) for one in facts]))
    return ExitCode.OK


def _row(facts: VenueFacts, name: str) -> tuple[str, ...]:
    one = facts[name]
    types, seen = " ".join(kind.value for kind in one.types), "yes" if one.seen_live else "no"
    return name, types, " ".join(symbol.symbol for symbol in one.symbols), seen, _passed(name)


def _passed(name: str) -> str:
    """How many conformance cards its adapter passed, of those it claims; "-" where there is no adapter."""
    claimed = [one for one in conformance().get(name, {}).values() if one != "not claimed"]
    return f"{claimed.count('passed')} of {len(claimed)}" if claimed else "-"


def _show(facts: VenueFacts, name: str) -> None:
    rows = [
        (fact.name, fact.text, "yes" if fact.seen_live else "no", fact.source)
        for fact in facts.file(name).facts
    ]
    out.data(out.table(("fact", "value", "seen live", "source"), rows))
    out.data("")
    headers = ("symbol", "tick", "lot", "least", "least value", "maker bps", "taker bps")
    out.data(out.table(headers, [_symbol_row(one) for one in facts[name].symbols]))
    cards = tuple(conformance().get(name, {}).items())
    if cards:
        out.data("")
        out.data(out.table(("card, asked of the adapter at its local exchange", "result"), cards))
    elif name in NOT_YET:
        out.data("")
        out.data(f"for paper only: {NOT_YET[name]}")


def _symbol_row(one: Instrument) -> tuple[str, ...]:
    least = (plain(one.quantity(one.lots_min)), plain(from_pico(one.notional_min)))
    fees = (plain(from_mbps(one.maker_fee)), plain(from_mbps(one.taker_fee)))
    return one.symbol, plain(one.tick), plain(one.lot), *least, *fees


def _content(facts: VenueFacts, name: str) -> dict[str, object]:
    headers = ("symbol", "tick", "lot", "quantity_min", "notional_min", "maker_fee_bps", "taker_fee_bps")
    symbols = [dict(zip(headers, _symbol_row(one), strict=True)) for one in facts[name].symbols]
    return {
        "venue": name,
        "facts": facts.file(name).facts,
        "symbols": symbols,
        "cards": conformance().get(name, {}),
        "not_yet": NOT_YET.get(name, ""),
    }
