"""Flags of the commands: type, name, help. The commands that use them are in `app`."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Live = Annotated[bool, typer.Option("--live", help="Trade for real. Refused: no live venue ships yet.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Market = Annotated[
    str,
    typer.Option("--market", metavar="M", help="synthetic, synthetic:calm, synthetic:hard, recorded:DIR."),
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the synthetic market.")]
Speed = Annotated[
    str,
    typer.Option("--speed", metavar="N|max", help="1 is real time, N is N times that, max does not wait."),
]
RunName = Annotated[str, typer.Argument(metavar="[RUN]", help='Run id, or "last".')]
Books = Annotated[
    list[str] | None,
    typer.Option("--book", metavar="[LEG=]BOOK", help="Recorded book of a leg, e.g. a=binance_usdm:ETHUSDT."),
]
PolicyName = Annotated[
    str,
    typer.Option(
        "--policy", "-p", metavar="FILE|NAME", help="A path, a name in ./policies, or a packaged policy."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter or a tighter limit. May be repeated."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why you trade; overlays of the policy may ask.")]
Symbols = Annotated[
    list[str] | None,
    typer.Option("--symbol", metavar="[LEG=]SYMBOL", help="Symbol, of all legs or of one."),
]
Sides = Annotated[
    list[str] | None,
    typer.Option("--side", metavar="[LEG=]SIDE", help="long or short; without a leg, of the first one."),
]
Clips = Annotated[
    list[str] | None,
    typer.Option("--clip", metavar="[LEG=]AMOUNT", help='Size of all legs or of one: "0.2 ETH", "$500".'),
]
Cycles = Annotated[
    int, typer.Option("--cycles", min=1, help="How often to run it; the direction alternates.")
]
Loop = Annotated[bool, typer.Option("--loop", help="Start a recording again when it ends.")]
Resume = Annotated[
    str, typer.Option("--resume", metavar="RUN", help="Bring a run that was cut off to its end.")
]
WithReport = Annotated[bool, typer.Option("--report/--no-report", help="End with the cost report.")]
Svg = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Draw the run and its figures into an SVG file.")
]
Venue = Annotated[str, typer.Option("--venue", metavar="V", help="Venue whose positions are closed.")]
OneVenue = Annotated[str, typer.Option("--venue", metavar="V", help="Only this venue.")]
OneSymbol = Annotated[str, typer.Option("--symbol", metavar="S", help="Only this symbol.")]
OneMarket = Annotated[
    str, typer.Option("--market", metavar="M", help="Only the paper accounts of this market.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and send nothing.")]
Paper = Annotated[bool, typer.Option("--paper", help="The paper account, also where live keys exist.")]
PolicyFile = Annotated[str, typer.Argument(metavar="FILE|NAME")]
PolicyFiles = Annotated[list[str], typer.Argument(metavar="FILE...", help="Files, folders, or - for stdin.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print infos too: what does not act yet.")]
Csv = Annotated[str, typer.Option("--csv", metavar="FILE|-", help="Write one row per cycle as CSV.")]
VenueName = Annotated[str, typer.Argument(metavar="[VENUE]")]
Topic = Annotated[str, typer.Argument(metavar="exit-codes")]
Story = Annotated[bool, typer.Option("--story", help="In plain English instead of events.")]
Format = Annotated[str, typer.Option("--format", "-f", metavar="jsonl|csv")]
