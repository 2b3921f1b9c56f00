"""The commands. Every one imports what it needs when it runs, so that none pays for another."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from dnkit import __version__
from dnkit.cli import flags, operating
from dnkit.cli.authoring import COMMANDS, guard

if TYPE_CHECKING:
    from dnkit.cli.outcome import Asked

app = typer.Typer(
    name="dnkit",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
journal_app = typer.Typer(no_args_is_help=True, help="Show, verify, export or prune what runs did.")
paper_app = typer.Typer(no_args_is_help=True, help="Show or reset the paper accounts.")
app.add_typer(journal_app, name="journal")
app.add_typer(paper_app, name="paper")
for one in (*COMMANDS, *operating.COMMANDS):
    app.command()(one)


def run() -> None:
    """Parse the command line and run one command."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dnkit {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Trade delta-neutral pairs by YAML policies."""


@app.command()
def trade(
    policy: flags.PolicyName = "",
    set_: flags.Settings = None,
    reason: flags.Reason = "",
    market: flags.Market = "synthetic",
    endpoint: flags.Endpoint = "",
    seed: flags.Seed = 1,
    book: flags.Books = None,
    symbol: flags.Symbols = None,
    side: flags.Sides = None,
    clip: flags.Clips = None,
    speed: flags.Speed = "max",
    cycles: flags.Cycles = 1,
    loop: flags.Loop = False,
    resume: flags.Resume = "",
    report: flags.WithReport = True,
    svg: flags.Svg = None,
    live: flags.Live = False,
    yes: flags.Yes = False,
    i_accept_unproven: flags.AcceptUnproven = False,
    tui: flags.WithScreens = False,
    json: flags.Json = False,
) -> None:
    """Run a policy to its verified end. Paper unless --live.

    Examples:

      dnkit trade -p my.yaml --cycles 20 --set hedge_for=5s
    """
    from dnkit.cli.outcome import Asked

    asked = Asked(
        policy=policy,
        settings=tuple(set_ or ()),
        reason=reason,
        market=market,
        endpoint=endpoint,
        seed=seed,
        books=tuple(book or ()),
        symbols=tuple(symbol or ()),
        sides=tuple(side or ()),
        clips=tuple(clip or ()),
        speed=speed,
        cycles=cycles,
        loop=loop,
        resume=resume,
        report=report,
        svg=svg,
        live=live,
        yes=yes,
        accept=i_accept_unproven,
        as_json=json,
    )

    guard(partial(_trading, asked, watched=tui))


def _trading(asked: "Asked", *, watched: bool) -> int:
    from dnkit.cli.trading import trading

    return trading(asked, watched=watched)


@app.command()
def tui(
    run: flags.RunName = "last",
    read_only: flags.ReadOnly = False,
    screen: flags.FirstScreen = "legs",
    theme: flags.Theme = "safe",
    ascii: flags.Ascii = False,
    serve: flags.Serve = False,
) -> None:
    """Watch a run, live or again: legs, books, journal, policy, venues, alerts. q leaves, the engine goes on.

    Examples:

      dnkit tui

      dnkit tui b2578ebba274 --read-only
    """

    def command() -> int:
        from dnkit.cli.tui import Asked, tui

        return tui(Asked(run=run, read_only=read_only, screen=screen, theme=theme, ascii=ascii, serve=serve))

    guard(command)


@app.command()
def flatten(
    run: flags.RunToFlatten = "",
    venue: flags.Venue = "",
    endpoint: flags.Endpoint = "",
    symbol: flags.OneSymbol = "",
    market: flags.OneMarket = "",
    book: flags.Books = None,
    seed: flags.Seed = 1,
    speed: flags.Speed = "max",
    dry_run: flags.DryRun = False,
    yes: flags.Yes = False,
    paper: flags.Paper = False,
    live: flags.Live = False,
    timeout: flags.Timeout = 0,
    json: flags.Json = False,
) -> None:
    """Close what a run, or a venue, has open: reduce-only, bounded price, verified.

    A command that is running does it itself: it cancels, and closes every leg until the venues say flat.

    Examples:

      dnkit flatten

      dnkit flatten close_two_phase --yes

      dnkit flatten --venue aster --dry-run

      dnkit flatten --venue nado --symbol ETH-PERP --yes
    """

    def command() -> int:
        from dnkit.cli.flatten import Asked
        from dnkit.cli.flatten_run import flatten

        asked = Asked(
            run=run,
            endpoint=endpoint,
            venue=venue,
            symbol=symbol,
            market=market,
            books=tuple(book or ()),
            seed=seed,
            speed=speed,
            dry_run=dry_run,
            yes=yes,
            paper=paper,
            live=live,
            timeout_s=timeout,
            as_json=json,
        )
        return flatten(asked)

    guard(command)


@app.command()
def doctor(venue: flags.Venue = "", endpoint: flags.Endpoint = "", json: flags.Json = False) -> None:
    """Ask live venues what speaks against trading there: keys, clocks, grids, fees, modes. Sends no order.

    Examples:

      dnkit doctor

      dnkit doctor --venue nado --endpoint http://127.0.0.1:8765
    """

    def command() -> int:
        from dnkit.cli.doctor import Asked, doctor

        return doctor(Asked(venue=venue, endpoint=endpoint, as_json=json))

    guard(command)


@app.command()
def status(json: flags.Json = False) -> None:
    """Last runs and open paper positions.

    Example:  dnkit status
    """

    def command() -> int:
        from dnkit.cli.status import status

        return status(as_json=json)

    guard(command)


@app.command()
def report(
    run: flags.RunName = "last",
    csv: flags.Csv = "",
    svg: flags.Svg = None,
    json: flags.Json = False,
) -> None:
    """What a command's runs cost: shortfall and its parts, fees, fill rates, unhedged time.

    Examples:

      dnkit report

      dnkit report last --csv cycles.csv
    """

    def command() -> int:
        from dnkit.cli.report import report

        return report(run, csv=csv, svg=svg, as_json=json)

    guard(command)


@app.command()
def venues(name: flags.VenueName = "", json: flags.Json = False) -> None:
    """What is known of each venue, with the source of every fact.

    Example:  dnkit venues nado
    """

    def command() -> int:
        from dnkit.cli.venues import venues

        return venues(name, as_json=json)

    guard(command)


@app.command("help")
def help_(topic: flags.Topic = "exit-codes") -> None:
    """Tables made from the code.

    Example:  dnkit help exit-codes
    """

    def command() -> int:
        from dnkit.cli.topics import topic_text

        return topic_text(topic)

    guard(command)


@journal_app.command("show")
def journal_show(run: flags.RunName = "last", story: flags.Story = False, json: flags.Json = False) -> None:
    """The lines of a run.

    Example:  dnkit journal show last --story
    """

    def command() -> int:
        from dnkit.cli.journal import show

        return show(run, story_wanted=story, as_json=json)

    guard(command)


@journal_app.command("verify")
def journal_verify(run: flags.RunName = "last", json: flags.Json = False) -> None:
    """Check the hash chain and replay the run: same commands, same states.

    Example:  dnkit journal verify last
    """

    def command() -> int:
        from dnkit.cli.journal import check

        return check(run, as_json=json)

    guard(command)


@journal_app.command("export")
def journal_export(run: flags.RunName = "last", format: flags.Format = "jsonl") -> None:
    """The lines of a run on standard output.

    Example:  dnkit journal export last -f csv > run.csv
    """

    def command() -> int:
        from dnkit.cli.journal import export

        return export(run, format)

    guard(command)


@journal_app.command("prune")
def journal_prune(
    days: flags.OlderThan = 90,
    keep: flags.KeepRuns = 100,
    yes: flags.Yes = False,
    json: flags.Json = False,
) -> None:
    """Remove old runs: ended ones, older than --days, but for the last --keep. May be run while others trade.

    Example:  dnkit journal prune --days 30 --yes
    """

    def command() -> int:
        from dnkit.cli.journal import prune_old

        return prune_old(days, keep, yes=yes, as_json=json)

    guard(command)


@paper_app.command("show")
def paper_show(json: flags.Json = False) -> None:
    """Positions and money of the paper accounts."""

    def command() -> int:
        from dnkit.cli.paper import show

        return show(as_json=json)

    guard(command)


@paper_app.command("reset")
def paper_reset(
    market: flags.OneMarket = "synthetic",
    venue: flags.OneVenue = "",
    symbol: flags.OneSymbol = "",
    yes: flags.Yes = False,
    json: flags.Json = False,
) -> None:
    """Forget paper accounts: they are flat afterwards.

    Example:  dnkit paper reset --yes
    """

    def command() -> int:
        from dnkit.cli.paper import reset

        return reset(market, venue, symbol, yes=yes, as_json=json)

    guard(command)
