"""Lets an operator reach a command while its runs are at work: by signals, and by a socket of its own."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from dnkit.control import words
from dnkit.control.place import socket_path
from dnkit.control.server import Server
from dnkit.machine.program import LegSpec
from dnkit.model.errors import DnkitError
from dnkit.runtime.run import Floor
from dnkit.runtime.signals import Stopped, listening


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be reached: the group of its runs, the policy, one leg a book."""

    group: str
    policy: str
    legs: Sequence[LegSpec]
    cycles: int = 1


@contextmanager
def attended(root: Path, floor: Floor, command: Command, say: Callable[[str], None]) -> Iterator[Stopped]:
    """While inside, signals and the socket in the state folder `root` reach the helm of the floor. A socket
    that cannot be made is said and done without: signals are always heard.
    """
    floor.helm.take(command.policy, command.legs)
    server = _serve(root, floor, command, say)
    try:
        with listening(floor.helm, say) as stopped:
            yield stopped
    finally:
        if server is not None:
            server.close(floor.helm.end)


def _serve(root: Path, floor: Floor, command: Command, say: Callable[[str], None]) -> Server | None:
    hello = words.Hello(
        group=command.group,
        pid=os.getpid(),
        policy=command.policy,
        market=floor.house.market,
        cycles=command.cycles,
        legs=tuple(map(_account, command.legs)),
    )
    try:
        return Server(socket_path(root, command.group), hello, floor.helm)
    except DnkitError as error:
        say(str(error))
        return None


def _account(leg: LegSpec) -> words.Account:
    one = leg.instrument
    return words.Account(name=leg.name, venue=one.venue, symbol=one.symbol, base=one.base, quote=one.quote)
