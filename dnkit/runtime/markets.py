"""Names of the markets that accounts are on. In a live run the account at each venue has its own."""

from collections.abc import Mapping

from dnkit.live.setup import MAIN
from dnkit.model.terms import LIVE as MODE

LIVE = f"{MODE}:"


def live_market(accounts: Mapping[str, str]) -> str:
    """The market of a run at these accounts, by venue, e.g. `live:nado=0xab..@main`."""
    return LIVE + ",".join(f"{venue}={account}" for venue, account in sorted(accounts.items()))


def market_of(market: str, venue: str) -> str:
    """The market of one venue's account: for a live run its own part, else the market itself."""
    if not market.startswith(LIVE):
        return market
    parts = market.removeprefix(LIVE).split(",")
    return next((f"{LIVE}{one}" for one in parts if one.partition("=")[0] == venue), market)


def live_flags(market: str) -> str:
    """The flags that lead to the accounts of a live market, with a blank before; "" for any other."""
    if not market.startswith(LIVE):
        return ""
    pairs = (one.partition("=") for one in market.removeprefix(LIVE).split(","))
    places = {venue: account.rpartition("@")[2] for venue, _, account in pairs}
    if set(places.values()) == {MAIN}:
        return " --live"
    return f" --live --endpoint {','.join(f'{venue}={place}' for venue, place in places.items())}"
