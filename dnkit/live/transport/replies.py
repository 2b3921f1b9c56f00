"""Answers that come on a line, given back to whoever asked, by number."""

import asyncio
from typing import Generic, TypeVar

from dnkit.model.numbers import NS_PER_S
from dnkit.venues.base import Sign, Trouble, TroubledError

T = TypeVar("T")


class Replies(Generic[T]):
    """What is not answered yet."""

    def __init__(self) -> None:
        self._open: dict[int, asyncio.Future[T]] = {}
        self._last = 0

    def number(self) -> int:
        """A new number to ask by."""
        self._last += 1
        self._open[self._last] = asyncio.get_running_loop().create_future()
        return self._last

    async def wait(self, number: int, within_ns: int) -> T:
        """The answer to a number; TroubledError TIMED_OUT when it does not come, and as `lose` says."""
        try:
            async with asyncio.timeout(within_ns / NS_PER_S):
                return await self._open[number]
        except TimeoutError:
            raise TroubledError(Trouble(sign=Sign.TIMED_OUT, text="no answer in time")) from None
        finally:
            self.drop(number)

    def drop(self, number: int) -> None:
        """Nobody waits for that one any more."""
        self._open.pop(number, None)

    def give(self, number: int, answer: T) -> bool:
        """An answer came; False when nobody waits for it."""
        future = self._open.get(number)
        if future is None or future.done():
            return False
        future.set_result(answer)
        return True

    def lose(self, why: str) -> None:
        """No answer will come to what is open: whether it was carried out nobody knows."""
        for future in self._open.values():
            if not future.done():
                future.set_exception(TroubledError(Trouble(sign=Sign.DROPPED, text=why)))
