"""Every trouble a transport can meet has one class, and every class one fact for the run."""

import pytest

from dnkit.desk.gateway.outcome import AGAIN, Failed, Fate, as_event, classify
from dnkit.model import events as ev
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.terms import FoundKind, OrderType, RejectKind, Side
from dnkit.venues.base import Request, Sign, Trouble

PLACE = PlaceOrder(1, 3, "r-b-3", Side.BUY, OrderType.IOC, 5, 100, 0, False, True, "hedge#1")
CANCEL, FIND = CancelOrder(1, 3, "r-b-3"), FindOrder(1, 3, "r-b-3")
READ, SWEEP = ReadPosition(1, 8), SweepOrders(1, 9)
HTML = "<html>bad gateway</html>"


def status(code: int, *, html: bool = False) -> Trouble:
    return Trouble(sign=Sign.STATUS, status=code, html=html)


@pytest.mark.parametrize(
    ("trouble", "fate"),
    [
        (Trouble(sign=Sign.NOT_SENT), Fate.TRANSIENT),
        (Trouble(sign=Sign.TIMED_OUT), Fate.UNKNOWN),
        (Trouble(sign=Sign.DROPPED), Fate.UNKNOWN),
        (status(429), Fate.TRANSIENT),
        (status(429, html=True), Fate.TRANSIENT),
        (status(418), Fate.TRANSIENT),
        (status(200), Fate.UNKNOWN),
        (status(200, html=True), Fate.UNKNOWN),
        (status(302), Fate.UNKNOWN),
        (status(403), Fate.PERMANENT),
        (status(403, html=True), Fate.UNKNOWN),
        (status(404, html=True), Fate.UNKNOWN),
        (status(408), Fate.UNKNOWN),
        (status(500), Fate.UNKNOWN),
        (status(502), Fate.UNKNOWN),
        (status(503), Fate.TRANSIENT),
        (status(503, html=True), Fate.UNKNOWN),
        (status(504), Fate.UNKNOWN),
        (Trouble(sign=Sign.REFUSED, why=RejectKind.MARGIN), Fate.PERMANENT),
        (Trouble(sign=Sign.REFUSED, why=RejectKind.RATE), Fate.TRANSIENT),
        (Trouble(sign=Sign.REFUSED, why=RejectKind.MAINTENANCE), Fate.TRANSIENT),
    ],
    ids=str,
)
def test_the_class_of_a_trouble(trouble: Trouble, fate: Fate) -> None:
    assert classify(trouble, frozenset({503})).fate is fate


def test_a_5xx_is_unknown_unless_the_venue_documents_it() -> None:
    assert classify(status(503)).fate is Fate.UNKNOWN


@pytest.mark.parametrize("sign", Sign)
def test_silence_is_never_a_refusal(sign: Sign) -> None:
    failed = classify(Trouble(sign=sign))
    rejected = isinstance(as_event(PLACE, failed, 7), ev.OrderRejected)
    assert rejected is (sign in (Sign.NOT_SENT, Sign.REFUSED))


def test_too_many_calls_are_told_with_how_long_to_wait() -> None:
    failed = classify(Trouble(sign=Sign.STATUS, status=429, retry_after_ns=5, text="slow down"))
    assert (failed.limited, failed.retry_after_ns, failed.why) == (True, 5, RejectKind.RATE)
    assert failed.text == "HTTP 429: slow down"
    assert not classify(status(500)).limited


def test_the_text_names_what_was_seen() -> None:
    assert classify(Trouble(sign=Sign.STATUS, status=502, html=True, text=HTML)).text == (
        f"HTTP 502 (a page of HTML): {HTML}"
    )
    assert classify(Trouble(sign=Sign.TIMED_OUT)).text == "timed out"


def failed(fate: Fate) -> Failed:
    return Failed(fate=fate, text="why", why=RejectKind.MARGIN)


@pytest.mark.parametrize("fate", [Fate.TRANSIENT, Fate.PERMANENT])
def test_what_was_not_carried_out(fate: Fate) -> None:
    assert as_event(PLACE, failed(fate), 7) == ev.OrderRejected(7, 1, 3, RejectKind.MARGIN, "why")
    assert as_event(CANCEL, failed(fate), 7) == ev.CancelRefused(7, 1, 3, "why")


@pytest.mark.parametrize("request_", [PLACE, CANCEL])
def test_what_may_have_been_carried_out(request_: Request) -> None:
    assert as_event(request_, failed(Fate.UNKNOWN), 7) == ev.AnswerLost(7, 1, 3, "why")


@pytest.mark.parametrize("fate", Fate)
def test_a_question_without_an_answer_is_never_an_answer(fate: Fate) -> None:
    assert as_event(FIND, failed(fate), 7) == ev.OrderFound(7, 1, 3, FoundKind.ERROR)
    assert as_event(READ, failed(fate), 7) == ev.PositionRead(7, 1, 8, None, 7, "why")
    assert as_event(SWEEP, failed(fate), 7) == ev.OrdersSwept(7, 1, 9, False, 0, "why")


def test_only_questions_are_repeated_after_an_unknown_outcome() -> None:
    assert {kind for kind, fates in AGAIN.items() if Fate.UNKNOWN in fates} == {
        FindOrder,
        ReadPosition,
        SweepOrders,
    }
    assert not any(Fate.PERMANENT in fates for fates in AGAIN.values())
