"""A process that has everything imported and forks commands, so that a campaign is not mostly imports.

`python -m tests.recovery.nursery` reads a JSON line for each command (words after `python -m`, state folder,
where its two streams go) and answers with its exit code, below zero for the signal that killed it.
"""

import json
import os
import runpy
import signal
import sys
from importlib import import_module

NEEDED = ("dnkit.cli.app", "dnkit.cli.trade", "dnkit.cli.resume", "dnkit.runtime.endpoint.floor")
PATIENCE_S = 60


def main() -> None:
    """One command after the other, until there are no more lines."""
    for name in NEEDED:
        import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _be(asked)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _be(asked: dict[str, list[str]]) -> None:
    """Become that command, and end with it."""
    signal.alarm(PATIENCE_S)
    os.environ["DNKIT_HOME"] = asked["home"][0]
    for number, path in zip((1, 2), asked["streams"], strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv = asked["words"]
    code: object = 0
    try:
        runpy.run_module(asked["words"][0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
