"""`dnkit doctor`: can we trade at these venues, with these keys, as the capability files say?"""

from collections.abc import Sequence

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.places import reached
from dnkit.live.setup import refuse_unspoken, speakable
from dnkit.runtime.folder import make_folder, state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.live.examine import WRONG, Found, examine

HEADERS = ("venue", "check", "", "what was found")
CODES = {"keys": ExitCode.AUTH, "reach": ExitCode.VENUE}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `doctor`: a venue, "" for all there is an adapter for, and where they are."""

    venue: str = ""
    endpoint: str = ""
    as_json: bool = False


def doctor(asked: Asked) -> int:
    """Run the command; answers the exit code of the gravest finding."""
    facts, folder = VenueFacts(), state_folder()
    refuse_unspoken([asked.venue] if asked.venue else [])
    make_folder(folder)
    names = (asked.venue,) if asked.venue else speakable()
    with reached(asked.endpoint, names, folder) as where:
        found = [one for name in names for one in examine(name, where[name], folder, facts)]
    code = _code(found)
    if asked.as_json:
        out.envelope("doctor/1", {"checks": found, "exit_code": code}, ok=code is ExitCode.OK)
        return code
    out.data(out.table(HEADERS, [(one.venue, one.check, one.standing, one.text) for one in found]))
    for one in found:
        if one.act:
            out.say(f"{one.venue}, {one.check}: {one.act}")
    return code


def _code(found: Sequence[Found]) -> ExitCode:
    wrong = [CODES.get(one.check, ExitCode.FINDINGS) for one in found if one.standing == WRONG]
    return max(wrong, default=ExitCode.OK)
