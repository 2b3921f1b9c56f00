"""`dnkit pause`, `resume`, `stop` and `flatten RUN`: wishes for a command that runs in another process."""

import getpass
import sys
import time
from contextlib import suppress

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.paper import Unconfirmed
from dnkit.control import words
from dnkit.control.client import Client, Found, NotRunning, engines
from dnkit.model.errors import DnkitError
from dnkit.model.terms import PAPER, Risk, StopWhen
from dnkit.runtime.folder import state_folder
from dnkit.runtime.market import UsageError

LAST = "last"
LOOK_S = 1.0
_OF_RISK = {
    Risk.HEDGED: ExitCode.HALTED_HEDGED,
    Risk.UNHEDGED: ExitCode.HALTED_UNHEDGED,
    Risk.UNKNOWN: ExitCode.UNKNOWN,
}


class NotDone(DnkitError):
    """The command said no, or the time was over."""

    exit_code = ExitCode.TIMEOUT


def pause(name: str, *, as_json: bool) -> int:
    """No entry from now on."""
    with _client(name) as client:
        return _told("pause", client, client.pause(), as_json=as_json)


def resume(name: str, *, as_json: bool) -> int:
    """Entries may go on."""
    with _client(name) as client:
        return _told("resume", client, client.resume(), as_json=as_json)


def stop(name: str, when: str, *, wait: bool, timeout_s: int, as_json: bool) -> int:
    """End a command, and wait for its end; the exit code says what is open then."""
    try:
        wish = StopWhen(when)
    except ValueError as error:
        known = ", ".join(one.value for one in StopWhen)
        raise UsageError(f"--when {when}: one of {known}") from error
    with _client(name) as client:
        answer = client.stop(wish)
        if not wait:
            return _told("stop", client, answer, as_json=as_json)
        fine = (Risk.FLAT, Risk.HEDGED) if wish is StopWhen.HEDGED else (Risk.FLAT,)
        return _ended("stop", client, answer, timeout_s, fine, as_json=as_json)


def flatten_running(found: Found, *, yes: bool, timeout_s: int, as_json: bool) -> int:
    """Have a running command close everything; what is open is shown first, and its policy's name typed."""
    out.say(_open_text(found))
    confirm = found.hello.policy if yes else _typed(found.hello.policy)
    with Client(found.path, by=_caller()) as client:
        answer = client.flatten(confirm)
        if not answer.ok:
            raise Unconfirmed(answer.text)
        return _ended("flatten", client, answer, timeout_s, (Risk.FLAT,), as_json=as_json)


def find(name: str) -> Found | None:
    """The running command of that name, of a run, of a policy or `last` for the only one; None when there is
    none. UsageError when it may be more than one.
    """
    running = engines(state_folder().root)
    wanted = running if name in ("", LAST) else [one for one in running if one.is_called(name)]
    if len(wanted) > 1:
        told = ", ".join(f"{one.status.run or one.hello.group} ({one.hello.policy})" for one in wanted)
        raise UsageError(f"several commands are running; name one of their runs: {told}")
    return wanted[0] if wanted else None


def _client(name: str) -> Client:
    found = find(name)
    if found is None:
        raise NotRunning(f"no running command {name}" if name not in ("", LAST) else "nothing is running")
    return Client(found.path, by=_caller())


def _caller() -> str:
    with suppress(OSError, KeyError):
        return getpass.getuser()[:40]
    return ""


def _told(wish: str, client: Client, answer: words.Answer, *, as_json: bool) -> int:
    out.say(answer.text)
    code = ExitCode.OK if answer.ok else ExitCode.FINDINGS
    if as_json:
        _print(wish, client, answer, code, None)
    return code


def _ended(
    wish: str, client: Client, answer: words.Answer, timeout_s: int, fine: tuple[Risk, ...], *, as_json: bool
) -> int:
    """Wait for the end; `fine` are the risks that may be open then."""
    out.say(answer.text)
    end = _end(client, timeout_s)
    code = ExitCode.OK if end.risk in fine else _OF_RISK[end.risk]
    out.say(end.text)
    if as_json:
        _print(wish, client, answer, code, end)
    return code


def _print(wish: str, client: Client, answer: words.Answer, code: ExitCode, end: words.End | None) -> None:
    content = {
        "wish": wish,
        "group": client.hello.group,
        "policy": client.hello.policy,
        "run_id": answer.run,
        "seq": answer.seq,
        "text": answer.text,
        "exit_code": code,
        "risk": end.risk if end else None,
        "command_code": end.exit_code if end else None,
    }
    out.envelope("wish/1", content, ok=code is ExitCode.OK, mode=PAPER)


def _end(client: Client, timeout_s: int) -> words.End:
    client.follow()
    until = time.monotonic() + timeout_s if timeout_s else None
    status = client.status
    while until is None or time.monotonic() < until:
        word = client.next(LOOK_S)
        if isinstance(word, words.End):
            return word
        if isinstance(word, words.Status):
            status = word
    raise NotDone(f"not ended after {timeout_s} s; {_standing(status)}")


def _standing(status: words.Status) -> str:
    where = f"{status.stage} {status.phase}".rstrip()
    held = ", ".join("unknown" if one is None else one for one in status.positions)
    return f"it is in {where}" + (f" and holds {held}" if held else "")


def _open_text(found: Found) -> str:
    legs = zip(found.hello.legs, found.status.positions or (None,) * len(found.hello.legs), strict=True)
    held = ", ".join(
        f"{leg.name} {leg.venue} {leg.symbol} {'unknown' if one is None else f'{one} {leg.base}'}"
        for leg, one in legs
    )
    return f"flatten {found.hello.policy}: its orders are cancelled, then every leg is closed. Open: {held}"


def _typed(policy: str) -> str:
    """What a human types. An empty line, as a key that repeats makes it, is a no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unconfirmed("Nobody can be asked here: give --yes")
    out.say(f"type the policy's name to confirm: {policy}")
    return sys.stdin.readline().strip()
