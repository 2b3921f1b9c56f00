"""The supervisor: turns whatever a command ends with into words and an exit code. The only broad `except`
there is, but for the one of the proof gate that keeps nobody in.
"""

import errno
import sys
from collections.abc import Callable
from typing import NoReturn

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.model.errors import DnkitError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def guarded(command: Callable[[], int]) -> NoReturn:
    """Run a command and leave with its code. No traceback for what a user can mend."""
    out.whole_streams()
    raise SystemExit(int(_code_of(command)))


def _code_of(command: Callable[[], int]) -> int:
    try:
        code = command()
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        out.stop_data()
        return ExitCode.OK
    except OSError as error:
        if error.errno not in _FULL:
            return _bug()
        out.stop_data()
        out.say(f"error: cannot write to {error.filename or 'standard output'}: {error.strerror}")
        return ExitCode.CONFIG
    except DnkitError as error:
        out.say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        out.say("interrupted")
        return ExitCode.INTERRUPTED
    except Exception:  # noqa: BLE001  # house-ok: a bug becomes an exit code here and nowhere else
        return _bug()


def _bug() -> int:
    import traceback  # 7 ms that only bugs are worth

    out.say(traceback.format_exc())
    out.say("error: this is a bug in dnkit, not something you did.")
    out.say("What led to it is in the journal: dnkit journal show last. Open positions: dnkit status.")
    return ExitCode.BUG
