"""Flags of the commands: type, name, help. The commands that use them are in `app`."""

from pathlib import Path
from typing import Annotated

import typer

from dnkit.cli.completion import (
    codes,
    fault_profiles,
    one_of,
    policies,
    policies_and_files,
    properties,
    running,
    scenarios,
    unfinished_runs,
    venues,
)

LINT_FORMATS = "text|concise|json|github|sarif|junit"
EXPLAIN_FORMATS = "text|mermaid|dot|svg|md|json"
SEVERITIES = "error|warning|info"
WHENS = "now|flat|hedged"
SCREENS = "legs|book|journal|policy|venues|alerts|runs"
THEMES = "safe|light|contrast|plain"
TEMPLATES = "open|close|unwind|guard|single"

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Live = Annotated[
    bool, typer.Option("--live", help="Trade for real, at the venues themselves or where --endpoint says.")
]
AcceptUnproven = Annotated[
    bool,
    typer.Option(
        "--i-accept-unproven", help="Trade what adds risk though it is not proved; it is journalled."
    ),
]
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
        "--policy",
        "-p",
        metavar="FILE|NAME",
        help="A path, a name in ./policies, or a packaged policy.",
        autocompletion=policies,
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
WithScreens = Annotated[
    bool,
    typer.Option(
        "--tui", help="Trade in a process of its own (--speed 1 if none is given) and watch it here."
    ),
]
ReadOnly = Annotated[bool, typer.Option("--read-only", help="Pass no wish on: no flatten, pause or stop.")]
FirstScreen = Annotated[
    str,
    typer.Option(
        "--screen", metavar=SCREENS, help="The screen to begin with.", autocompletion=one_of(SCREENS)
    ),
]
Theme = Annotated[
    str,
    typer.Option(
        "--theme",
        metavar=THEMES,
        help="Colours; safe is safe for colour-blind eyes. NO_COLOR means plain.",
        autocompletion=one_of(THEMES),
    ),
]
Serve = Annotated[bool, typer.Option("--serve", help="Say how to show it in a browser, read-only.")]
Loop = Annotated[bool, typer.Option("--loop", help="Start a recording again when it ends.")]
Resume = Annotated[
    str,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Bring a run that was cut off to its end.",
        autocompletion=unfinished_runs,
    ),
]
Endpoint = Annotated[
    str,
    typer.Option(
        "--endpoint",
        metavar="ws://...",
        help="Trade at a running `dnkit exchange`. With --live: testnet, local, VENUE=URL,...",
    ),
]
Wire = Annotated[
    str, typer.Option("--venue", metavar="V", help="Speak this venue's wire: HTTP, WebSockets, signatures.")
]
WireFaults = Annotated[
    str,
    typer.Option(
        metavar="F=%,...", help='What goes wrong on that wire, in percent: "all=2", "drop_after=5,gap=20".'
    ),
]
Listed = Annotated[
    list[str] | None,
    typer.Option("--list", metavar="VENUE:SYMBOL", help="List only this symbol. May be repeated."),
]
ListedBooks = Annotated[
    list[str] | None,
    typer.Option("--book", metavar="VENUE:SYMBOL=BOOK", help="Recorded book of a symbol that is listed."),
]
RealSpeed = Annotated[str, typer.Option("--speed", metavar="N", help="1 is real time, N is N times that.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 is a free one.")]
ForSeconds = Annotated[
    int, typer.Option("--for", metavar="SECONDS", min=0, help="Stop after so long; 0 is with the parent.")
]
ExchangeFolder = Annotated[
    Path | None, typer.Option("--dir", metavar="DIR", help="Where its accounts, orders and tape are kept.")
]
WithReport = Annotated[bool, typer.Option("--report/--no-report", help="End with the cost report.")]
Svg = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Draw the run and its figures into an SVG file.")
]
Venue = Annotated[
    str,
    typer.Option("--venue", metavar="V", help="Venue whose positions are closed.", autocompletion=venues),
]
Running = Annotated[
    str,
    typer.Argument(
        metavar="[RUN]",
        help="Run or policy of a running command; the only one if left out.",
        autocompletion=running,
    ),
]
RunToFlatten = Annotated[
    str,
    typer.Argument(
        metavar="[RUN]", help="Close what this run, running or halted, has open.", autocompletion=running
    ),
]
When = Annotated[
    str,
    typer.Option(
        "--when",
        metavar=WHENS,
        help="By its stop rule, the same until flat, or at the next moment it is hedged.",
        autocompletion=one_of(WHENS),
    ),
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for its end; the exit code tells it.")]
Timeout = Annotated[
    int, typer.Option("--timeout", metavar="SECONDS", min=0, help="Wait no longer than that; 0 is for ever.")
]
Adopt = Annotated[
    bool, typer.Option("--adopt", help="Let the journal say what the venues hold, where it differs.")
]
OneVenue = Annotated[str, typer.Option("--venue", metavar="V", help="Only this venue.")]
OneSymbol = Annotated[str, typer.Option("--symbol", metavar="S", help="Only this symbol.")]
OneMarket = Annotated[
    str, typer.Option("--market", metavar="M", help="Only the paper accounts of this market.")
]
OlderThan = Annotated[int, typer.Option("--days", min=0, help="Only runs that began longer ago.")]
KeepRuns = Annotated[int, typer.Option("--keep", min=0, help="How many of the last runs stay in any case.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and send nothing.")]
Paper = Annotated[bool, typer.Option("--paper", help="The paper account, also where live keys exist.")]
PolicyFile = Annotated[str, typer.Argument(metavar="FILE|NAME", autocompletion=policies)]
OldPolicy = Annotated[str, typer.Argument(metavar="OLD", help="A path, a name, or - for standard input.")]
NewPolicy = Annotated[str, typer.Argument(metavar="NEW", help="Likewise; what OLD became.")]
DiffFormat = Annotated[str, typer.Option("--format", "-f", metavar="text|json", help="How to show it.")]
AnyChange = Annotated[
    bool, typer.Option("--exit-code", help="End with 1 on any change of behaviour, not only a looser one.")
]
PolicyFiles = Annotated[
    list[str] | None, typer.Argument(metavar="FILE...", help="Files, folders, or - for stdin.")
]
LintFormat = Annotated[
    str,
    typer.Option(
        "--format", "-f", metavar=LINT_FORMATS, help="How to show it.", autocompletion=one_of(LINT_FORMATS)
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="CODES",
        help="Only these: codes, names or beginnings, e.g. DNK3,DNK412.",
        autocompletion=codes,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="CODES", help="Not these; the longer word wins.", autocompletion=codes),
]
FailLevel = Annotated[
    str,
    typer.Option(
        "--fail-level",
        metavar=SEVERITIES,
        help="Findings from this on make it fail.",
        autocompletion=one_of(SEVERITIES),
    ),
]
ExplainCode = Annotated[
    str,
    typer.Option("--explain", metavar="CODE", help="Print the page of a rule.", autocompletion=codes),
]
ListRules = Annotated[bool, typer.Option("--list-rules", help="Print every rule.")]
WithFix = Annotated[bool, typer.Option("--fix", help="Mend what leaves the policy as it is.")]
UnsafeFixes = Annotated[
    bool, typer.Option("--unsafe-fixes", help="With --fix or --diff: also what changes the policy's meaning.")
]
WithDiff = Annotated[bool, typer.Option("--diff", help="Show what --fix would write, and write nothing.")]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="End with 0 whatever is found.")]
WithProof = Annotated[
    bool, typer.Option("--prove", help="Prove every policy too, for each reason; takes some seconds each.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print infos too.")]
ScenarioPaths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH...",
        help="Scenarios, or folders of them; policies/scenarios if left out.",
        autocompletion=scenarios,
    ),
]
Keyword = Annotated[str, typer.Option("-k", metavar="WORD", help="Only those with the word in their path.")]
ExitFirst = Annotated[bool, typer.Option("-x", "--exitfirst", help="Stop at the first that does not pass.")]
EachScenario = Annotated[bool, typer.Option("--verbose", "-v", help="A line for each scenario.")]
FromRun = Annotated[
    str, typer.Option("--from-run", metavar="RUN", help="Print a run as a scenario, and run none.")
]
PoliciesToProve = Annotated[
    list[str] | None,
    typer.Argument(metavar="POLICY...", help="Names, files or folders.", autocompletion=policies_and_files),
]
PolicyToSimulate = Annotated[str, typer.Argument(metavar="POLICY", autocompletion=policies)]
SeedCount = Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="How many runs.")]
FirstSeed = Annotated[int, typer.Option("--first", min=0, metavar="S", help="Seed of the first run.")]
OneSeed = Annotated[
    int | None,
    typer.Option("--seed", min=0, metavar="S", help="Exactly this run, as a story and into the journal."),
]
FaultProfile = Annotated[
    str,
    typer.Option(
        "--faults",
        metavar="PROFILE|FILE",
        help="calm, rough, swarm, or a profile of yours.",
        autocompletion=fault_profiles,
    ),
]
SimulatedMarket = Annotated[
    str,
    typer.Option(
        "--market",
        metavar="M",
        help="synthetic:calm, synthetic:hard, recorded:DIR; the synthetic ones in turn if left out.",
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", min=1, max=64, metavar="N", help="Processes at work.")]
Faults = Annotated[
    int | None, typer.Option("--faults", min=0, max=9, help="How often anything may go wrong; 2 if left out.")
]
Chunks = Annotated[
    int | None, typer.Option("--chunks", min=1, max=16, help="Parts of a clip that are told apart; 2.")
]
Deep = Annotated[bool, typer.Option("--deep", help="As --chunks 4 --faults 3; takes long.")]
WithStops = Annotated[
    bool, typer.Option("--stops", help="The operator may ask to stop, pause, flatten; that is a fault.")
]
Depth = Annotated[
    str,
    typer.Option(
        "--depth", metavar="BPS", help="The goal has to be certain with the book holding as much: 15bps."
    ),
]
Properties = Annotated[
    list[str] | None,
    typer.Option(
        "--property",
        metavar="ID",
        help="Only this one, like P06. May be repeated.",
        autocompletion=properties,
    ),
]
Frontier = Annotated[bool, typer.Option("--frontier", help="For which faults and books the goal is certain.")]
Implies = Annotated[
    str,
    typer.Option(
        "--implies",
        metavar="BASE",
        help="Whether POLICY is never more aggressive than BASE.",
        autocompletion=policies_and_files,
    ),
]
Equivalent = Annotated[
    str,
    typer.Option(
        "--equivalent",
        metavar="BASE",
        help="Whether POLICY is the same machine as BASE.",
        autocompletion=policies_and_files,
    ),
]
Trace = Annotated[
    Path | None,
    typer.Option("--trace", metavar="OUT.yaml", help="Write the story of what is broken as a scenario."),
]
Odds = Annotated[
    Path | None,
    typer.Option("--odds", metavar="FILE", help="How likely the goal is, by counted outcomes. No guarantee."),
]
AllReasons = Annotated[
    bool,
    typer.Option("--all-reasons/--plain", help="For every reason an overlay asks about, or for none."),
]
StatesMax = Annotated[
    int | None, typer.Option("--states-max", min=1, help="Give up after so many states; 2,000,000.")
]
WhatItSays = Annotated[bool, typer.Option("--verbose", "-v", help="Say what each property means.")]
NewName = Annotated[str, typer.Argument(metavar="[NAME]", help="Name; my_TEMPLATE if left out.")]
Template = Annotated[
    str,
    typer.Option(
        "--template",
        "-t",
        metavar=TEMPLATES,
        help="What it is to do.",
        autocompletion=one_of(TEMPLATES),
    ),
]
Venues = Annotated[
    str,
    typer.Option("--venues", metavar="A,B", help="Venue of each leg, in order.", autocompletion=venues),
]
Ci = Annotated[str, typer.Option("--ci", metavar="github|none", help="CI file to write.")]
Folder = Annotated[Path, typer.Option("--dir", metavar="DIR", help="Folder of the project.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
Csv = Annotated[str, typer.Option("--csv", metavar="FILE|-", help="Write one row per cycle as CSV.")]
VenueName = Annotated[str, typer.Argument(metavar="[VENUE]", autocompletion=venues)]
Topic = Annotated[str, typer.Argument(metavar="exit-codes")]
Form = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar=EXPLAIN_FORMATS,
        help="How to draw it.",
        autocompletion=one_of(EXPLAIN_FORMATS),
    ),
]
Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")]
Resolved = Annotated[
    bool, typer.Option("--resolved", help="Print what is in force as YAML, with the origin of each value.")
]
Story = Annotated[bool, typer.Option("--story", help="In plain English instead of events.")]
Format = Annotated[str, typer.Option("--format", "-f", metavar="jsonl|csv")]
