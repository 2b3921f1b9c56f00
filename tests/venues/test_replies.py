"""Answers on a line: who stops waiting stops, whatever comes in the same moment."""

import asyncio

import pytest

from dnkit.live.transport.replies import Replies
from dnkit.model.numbers import NS_PER_S


def test_a_wait_that_is_ended_as_its_answer_comes_is_over() -> None:
    async def ended() -> bool:
        replies: Replies[str] = Replies()
        number = replies.number()
        waits = asyncio.create_task(replies.wait(number, NS_PER_S))
        await asyncio.sleep(0)
        replies.give(number, "late")
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        return waits.cancelled()

    assert asyncio.run(ended())
