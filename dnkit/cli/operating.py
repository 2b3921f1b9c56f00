"""The commands for whoever watches over running ones. Every one imports what it needs when it runs."""

from dnkit.cli import flags
from dnkit.cli.authoring import guard


def pause(run: flags.Running = "", json: flags.Json = False) -> None:
    """Let a running command enter nothing: what is open is worked on, no other cycle begins.

    Example:  dnkit pause
    """

    def command() -> int:
        from dnkit.cli.operate import pause

        return pause(run, as_json=json)

    guard(command)


def resume(run: flags.Running = "", json: flags.Json = False) -> None:
    """Take a pause back. (A run that was cut off is gone on with by `trade --resume`.)

    Example:  dnkit resume
    """

    def command() -> int:
        from dnkit.cli.operate import resume

        return resume(run, as_json=json)

    guard(command)


def stop(
    run: flags.Running = "",
    when: flags.When = "now",
    wait: flags.Wait = True,
    timeout: flags.Timeout = 0,
    json: flags.Json = False,
) -> None:
    """End a running command, and wait until it has; the exit code says what is open then.

    Examples:

      dnkit stop

      dnkit stop open_post_only_hedge --when hedged --timeout 60
    """

    def command() -> int:
        from dnkit.cli.operate import stop

        return stop(run, when, wait=wait, timeout_s=timeout, as_json=json)

    guard(command)


def reconcile(
    endpoint: flags.Endpoint = "",
    adopt: flags.Adopt = False,
    yes: flags.Yes = False,
    json: flags.Json = False,
) -> None:
    """Hold the journal's positions against what the venues say.

    Examples:

      dnkit reconcile

      dnkit reconcile --endpoint ws://127.0.0.1:8765 --adopt
    """

    def command() -> int:
        from dnkit.cli.reconcile import Asked, reconcile

        return reconcile(Asked(endpoint=endpoint, adopt=adopt, yes=yes, as_json=json))

    guard(command)


COMMANDS = (pause, resume, stop, reconcile)
