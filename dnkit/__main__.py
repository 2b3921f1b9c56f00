"""The front door. Version and help are answered here, before anything heavy is imported."""

import gc
import os
import sys

from dnkit import __version__

HELP = """\
Usage: dnkit COMMAND [OPTIONS]

  Trades delta-neutral pairs by YAML policies: read, checked, compiled to a
  state machine, run on paper or live, verified flat or hedged at the end.

Commands:
  trade     Run a policy.              dnkit trade --policy close_two_phase
  exchange  A paper exchange apart.    dnkit exchange --port 8765
  flatten   Close what is open.        dnkit flatten --venue aster --dry-run
  explain   What a policy will do.     dnkit explain policies/close_two_phase.yaml
  lint      Check policy files.        dnkit lint policies/*.yaml
  test      Run scenarios.             dnkit test policies/scenarios
  prove     What holds in every case.  dnkit prove emergency_unwind --frontier
  simulate  In a hostile world.        dnkit simulate close_two_phase --seeds 500
  diff      What changed in a policy.  dnkit diff old.yaml new.yaml
  init      Start a policy.            dnkit init my_pair --template open
  schema    JSON Schema for editors.   dnkit schema > policy.schema.json
  tui       Watch a run, live or again.
  status    Last runs, open positions.
  report    What runs cost.            dnkit report last --csv -
  journal   show, verify or export what a run did.
  paper     show or reset the paper accounts.
  venues    What is known of each venue.
  help      Tables: dnkit help exit-codes

Options:
  -V, --version         Print the version.
  -h, --help            This text; dnkit COMMAND --help for a command's flags.
  --install-completion  Complete commands and flags in your shell.
"""
GC_SELDOM = 100_000
COMPLETING = "_DNKIT_COMPLETE"  # set by the shell that asks what a word could become
LINT_FLAGS = ("--json", "-v", "--verbose")


def main() -> None:
    """Entry point of the `dnkit` command."""
    words = sys.argv[1:]
    if COMPLETING in os.environ:
        _parsed()
    elif words in (["--version"], ["-V"]):
        print(f"dnkit {__version__}")
    elif words in ([], ["--help"], ["-h"]):
        print(HELP, end="")
    elif words[0] == "lint" and _plain_lint(words[1:]):
        _lint(words[1:])
    else:
        _parsed()


def _parsed() -> None:
    from dnkit.cli.app import run

    run()


def _lint(words: list[str]) -> None:
    """`lint` without the parser of flags: it is called for every file an editor saves."""
    gc.set_threshold(GC_SELDOM)
    from dnkit.cli.guarded import guarded
    from dnkit.cli.lint import Asked, lint

    files = tuple(word for word in words if word not in LINT_FLAGS)
    verbose = "-v" in words or "--verbose" in words
    format = "json" if "--json" in words else "text"
    guarded(lambda: lint(Asked(files=files, format=format, verbose=verbose)))


def _plain_lint(words: list[str]) -> bool:
    """Whether `lint` was called with nothing but files and flags known here; the rest is the parser's."""
    files = [word for word in words if word not in LINT_FLAGS]
    return bool(files) and not any(word.startswith("-") and word != "-" for word in files)


if __name__ == "__main__":
    main()
