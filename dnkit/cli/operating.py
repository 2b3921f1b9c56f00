"""For whoever watches over running commands, and the exchange they run at. Imports wait until one runs."""

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
    live: flags.Live = False,
    adopt: flags.Adopt = False,
    yes: flags.Yes = False,
    json: flags.Json = False,
) -> None:
    """Hold the journal's positions against what the venues say.

    Examples:

      dnkit reconcile

      dnkit reconcile --endpoint ws://127.0.0.1:8765 --adopt

      dnkit reconcile --live
    """

    def command() -> int:
        from dnkit.cli.reconcile import Asked, reconcile

        return reconcile(Asked(endpoint=endpoint, live=live, adopt=adopt, yes=yes, as_json=json))

    guard(command)


def exchange(
    market: flags.Market = "synthetic",
    speed: flags.RealSpeed = "1",
    port: flags.Port = 0,
    for_: flags.ForSeconds = 0,
    list_: flags.Listed = None,
    book: flags.ListedBooks = None,
    seed: flags.Seed = 1,
    loop: flags.Loop = False,
    dir_: flags.ExchangeFolder = None,
    venue: flags.Wire = "",
    faults: flags.WireFaults = "",
    json: flags.Json = False,
) -> None:
    """Run a paper exchange in a process of its own; `trade --endpoint` trades there. With --venue it speaks
    that venue's wire: a place to rehearse live trading.

    Examples:

      dnkit exchange --port 8765

      dnkit trade -p close_two_phase --endpoint ws://127.0.0.1:8765/mine

      dnkit exchange --venue nado --faults all=2
    """

    def command() -> int:
        from dnkit.cli.exchange import Asked, exchange

        asked = Asked(
            market=market,
            speed=speed,
            port=port,
            for_s=for_,
            listed=tuple(list_ or ()),
            books=tuple(book or ()),
            seed=seed,
            loop=loop,
            folder=dir_,
            venue=venue,
            faults=faults,
            as_json=json,
        )
        return exchange(asked)

    guard(command)


COMMANDS = (pause, resume, stop, reconcile, exchange)
