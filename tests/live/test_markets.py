"""Names of live accounts: one account is one, whatever else a run trades beside it."""

import pytest

from dnkit.live.setup import MAIN, TEST
from dnkit.runtime.floor import Claim, open_stores
from dnkit.runtime.folder import state_folder
from dnkit.runtime.lock import Busy
from dnkit.runtime.markets import live_flags, live_market, market_of

NADO, OTHER = {"nado": f"0xab/default@{MAIN}"}, {"lighter": f"7@{MAIN}"}
URL = "http://127.0.0.1:8765"


def test_each_venue_has_its_own_part() -> None:
    both = live_market({**OTHER, **NADO})
    assert market_of(both, "nado") == live_market(NADO)
    assert market_of(both, "lighter") == live_market(OTHER)
    assert market_of("synthetic", "nado") == "synthetic"


def test_two_pairs_with_an_account_in_common_are_not_traded_at_once() -> None:
    one = Claim(live_market({**NADO, **OTHER}), frozenset({("nado", "ETH-PERP"), ("lighter", "ETH")}))
    two = Claim(live_market({**NADO, "okx": f"k@{TEST}"}), frozenset({("nado", "ETH-PERP"), ("okx", "ETH")}))
    with open_stores(state_folder(), one), pytest.raises(Busy), open_stores(state_folder(), two):
        pass


def test_two_accounts_of_one_venue_are_traded_beside_each_other() -> None:
    symbols = frozenset({("nado", "ETH-PERP")})
    ours, theirs = (live_market({"nado": f"{name}@{MAIN}"}) for name in ("0xab", "0xcd"))
    with (
        open_stores(state_folder(), Claim(ours, symbols)),
        open_stores(state_folder(), Claim(theirs, symbols)),
    ):
        assert ours != theirs


@pytest.mark.parametrize(
    ("market", "flags"),
    [
        (live_market(NADO), " --live"),
        (live_market({"nado": f"0xab@{URL}"}), f" --live --endpoint nado={URL}"),
        ("synthetic", ""),
    ],
)
def test_the_way_back_to_a_market_is_told(market: str, flags: str) -> None:
    assert live_flags(market) == flags
