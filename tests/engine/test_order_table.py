"""The table of an order's life: total, and no end without the venue's word."""

from itertools import product

import pytest

from dnkit.machine.orders import TABLE, Ask, Life, News

FINAL_WORDS = {News.REJECTED, News.FILLED_ALL, News.ENDED, News.FOUND_OVER}
OPEN = [life for life in Life if life < Life.OVER]


def test_every_cell_exists() -> None:
    assert len(TABLE) == len(Life)
    assert all(len(row) == len(News) for row in TABLE)


@pytest.mark.parametrize(("life", "news"), list(product(OPEN, News)))
def test_only_a_final_word_of_the_venue_ends_an_order(life: Life, news: News) -> None:
    if TABLE[life][news].life is Life.OVER:
        assert news in FINAL_WORDS


@pytest.mark.parametrize(
    ("life", "news"), list(product(OPEN, (News.OVERDUE, News.ANSWER_LOST, News.CANCEL_REFUSED)))
)
def test_silence_and_refused_cancels_end_nothing(life: Life, news: News) -> None:
    assert TABLE[life][news].life < Life.OVER


@pytest.mark.parametrize("life", OPEN)
def test_a_full_fill_ends_an_order_in_every_state(life: Life) -> None:
    assert TABLE[life][News.FILLED_ALL].life is Life.OVER


@pytest.mark.parametrize("news", News)
def test_what_is_over_stays_over_and_asks_nothing(news: News) -> None:
    assert TABLE[Life.OVER][news] == (Life.OVER, Ask.NOTHING)


def test_a_cancel_waits_for_the_answer_to_the_placement() -> None:
    assert TABLE[Life.SENT][News.WITHDRAW] == (Life.SENT, Ask.NOTHING)
    assert TABLE[Life.WORKING][News.WITHDRAW] == (Life.CANCELLING, Ask.CANCEL)
