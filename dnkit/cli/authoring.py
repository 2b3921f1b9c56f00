"""The commands for whoever writes a policy: start it, check it, read it, compare it. Every one imports what
it needs when it runs, so that none pays for another.
"""

from collections.abc import Callable
from pathlib import Path

from dnkit.cli import flags


def guard(command: Callable[[], int]) -> None:
    """Run a command; whatever it ends with becomes words and an exit code."""
    from dnkit.cli.guarded import guarded

    guarded(command)


def explain(
    file: flags.PolicyFile,
    format: flags.Form = "text",
    ascii: flags.Ascii = False,
    resolved: flags.Resolved = False,
    set_: flags.Settings = None,
    reason: flags.Reason = "",
    json: flags.Json = False,
) -> None:
    """What a policy will do: its diagram, its table, the worst case in words.

    Examples:

      dnkit explain policies/close_two_phase.yaml

      dnkit explain close_two_phase --resolved --reason LEG_LIQUIDATED

      dnkit explain my.yaml -f svg > my.svg
    """

    def command() -> int:
        from dnkit.cli.explain import Asked, explain

        asked = Asked(
            policy=file,
            settings=tuple(set_ or ()),
            reason=reason,
            form="json" if json else format,
            ascii=ascii,
            resolved=resolved,
        )
        return explain(asked)

    guard(command)


def lint(
    files: flags.PolicyFiles = None,
    format: flags.LintFormat = "text",
    select: flags.Select = None,
    ignore: flags.Ignore = None,
    fail_level: flags.FailLevel = "error",
    explain: flags.ExplainCode = "",
    list_rules: flags.ListRules = False,
    fix: flags.WithFix = False,
    unsafe_fixes: flags.UnsafeFixes = False,
    diff: flags.WithDiff = False,
    exit_zero: flags.ExitZero = False,
    prove: flags.WithProof = False,
    verbose: flags.Verbose = False,
    json: flags.Json = False,
) -> None:
    """Check policy files. 0 when clean, 1 on findings, 2 for wrong flags, 3 when a file cannot be read.

    Examples:

      dnkit lint policies/*.yaml

      dnkit lint -f github --fail-level warning policies

      dnkit lint --fix --diff my.yaml

      dnkit lint --prove policies

      dnkit lint --explain DNK412

      cat my.yaml | dnkit lint -
    """

    def command() -> int:
        from dnkit.cli.lint_flags import lint_command

        return lint_command(
            files=tuple(files or ()),
            format="json" if json else format,
            select=tuple(select or ()),
            ignore=tuple(ignore or ()),
            fail_level=fail_level,
            explain=explain,
            list_rules=list_rules,
            fix=fix,
            unsafe=unsafe_fixes,
            diff=diff,
            exit_zero=exit_zero,
            verbose=verbose,
            prove=prove,
        )

    guard(command)


def test(
    paths: flags.ScenarioPaths = None,
    keyword: flags.Keyword = "",
    exit_first: flags.ExitFirst = False,
    verbose: flags.EachScenario = False,
    from_run: flags.FromRun = "",
    json: flags.Json = False,
) -> None:
    """Run scenarios: scripted venues, and what must come of it. 0 when all pass, 1 when one fails, 2 for
    wrong flags, 3 when a file cannot be read.

    Examples:

      dnkit test

      dnkit test policies/scenarios/cycle_six.yaml -v

      dnkit test --from-run last > policies/scenarios/as_it_was.yaml
    """

    def command() -> int:
        from dnkit.cli.scenarios import Asked, run_scenarios

        asked = Asked(
            paths=tuple(paths or ()),
            word=keyword,
            first_only=exit_first,
            verbose=verbose,
            from_run=from_run,
            as_json=json,
        )
        return run_scenarios(asked)

    guard(command)


def simulate(
    policy: flags.PolicyToSimulate,
    seeds: flags.SeedCount = 100,
    first: flags.FirstSeed = 0,
    seed: flags.OneSeed = None,
    faults: flags.FaultProfile = "swarm",
    market: flags.SimulatedMarket = "",
    jobs: flags.Jobs = 1,
    set_: flags.Settings = None,
    reason: flags.Reason = "",
    symbol: flags.Symbols = None,
    side: flags.Sides = None,
    clip: flags.Clips = None,
    book: flags.Books = None,
    json: flags.Json = False,
) -> None:
    """Run a policy in a hostile world: seeded faults, kills, venues that lie. 0 when nothing was violated, 1
    when something was.

    Examples:

      dnkit simulate close_two_phase

      dnkit simulate open_post_only_hedge --seeds 2000 --jobs 2 --faults rough

      dnkit simulate my.yaml --seed 17
    """

    def command() -> int:
        from dnkit.cli.settings import parse_settings
        from dnkit.cli.simulate import simulate_command
        from dnkit.cli.simulating import Asked

        asked = Asked(
            policy=policy,
            settings=tuple(parse_settings(tuple(set_ or ())).items()),
            reason=reason,
            symbols=tuple(symbol or ()),
            sides=tuple(side or ()),
            clips=tuple(clip or ()),
            books=tuple(book or ()),
            market=market,
            faults=faults,
            seeds=seeds,
            first=first,
            seed=seed,
            jobs=jobs,
            as_json=json,
        )
        return simulate_command(asked)

    guard(command)


def prove(
    policies: flags.PoliciesToProve = None,
    faults: flags.Faults = None,
    chunks: flags.Chunks = None,
    deep: flags.Deep = False,
    stops: flags.WithStops = False,
    depth: flags.Depth = "",
    property_: flags.Properties = None,
    frontier: flags.Frontier = False,
    implies: flags.Implies = "",
    equivalent: flags.Equivalent = "",
    trace: flags.Trace = None,
    odds: flags.Odds = None,
    set_: flags.Settings = None,
    reason: flags.Reason = "",
    all_reasons: flags.AllReasons = True,
    states_max: flags.StatesMax = None,
    verbose: flags.WhatItSays = False,
    json: flags.Json = False,
) -> None:
    """Prove what a policy can do in every case. 0 when all holds, 1 when something is refuted, 6 when it is
    not decided.

    Examples:

      dnkit prove emergency_unwind --frontier

      dnkit prove my.yaml --faults 1 --depth 15bps --property P06

      dnkit prove my.yaml --trace broken.yaml && dnkit test broken.yaml

      dnkit prove --implies close_two_phase my_close.yaml
    """

    def command() -> int:
        from dnkit.cli.prove import Asked, prove

        asked = Asked(
            policies=tuple(policies or ()),
            faults=faults,
            chunks=chunks,
            deep=deep,
            stops=stops,
            states_max=states_max,
            depth=depth,
            properties=tuple(property_ or ()),
            frontier=frontier,
            implies=implies,
            equivalent=equivalent,
            trace=trace,
            odds=odds,
            settings=tuple(set_ or ()),
            reason=reason,
            all_reasons=all_reasons,
            verbose=verbose,
            as_json=json,
        )
        return prove(asked)

    guard(command)


def init(
    name: flags.NewName = "",
    template: flags.Template = "open",
    venues: flags.Venues = "",
    ci: flags.Ci = "github",
    dir: flags.Folder = Path(),
    force: flags.Force = False,
) -> None:
    """Write a commented policy to start from, its schema for editors, and a CI file that lints it.

    Examples:

      dnkit init my_pair --template open --venues backpack,grvt

      dnkit init --template unwind --venues nado --ci none
    """

    def command() -> int:
        from dnkit.cli.init import Asked, init

        return init(Asked(name=name, template=template, venues=venues, ci=ci, folder=dir, force=force))

    guard(command)


def schema() -> None:
    """The JSON Schema of policies, for editors.

    Example:  dnkit schema > policies/policy.schema.json
    """

    def command() -> int:
        from dnkit.cli.schema import schema

        return schema()

    guard(command)


def diff(
    old: flags.OldPolicy,
    new: flags.NewPolicy,
    set_: flags.Settings = None,
    reason: flags.Reason = "",
    format: flags.DiffFormat = "text",
    exit_code: flags.AnyChange = False,
    json: flags.Json = False,
) -> None:
    """What changed in the behaviour of a policy. 0 when nothing is looser, 1 when something is.

    Examples:

      dnkit diff close_two_phase my_close.yaml

      git show HEAD:policies/flatten.yaml | dnkit diff - policies/flatten.yaml
    """

    def command() -> int:
        from dnkit.cli.diff import Asked, diff

        asked = Asked(
            old=old,
            new=new,
            settings=tuple(set_ or ()),
            reason=reason,
            format="json" if json else format,
            exit_code=exit_code,
        )
        return diff(asked)

    guard(command)


COMMANDS = (init, lint, test, simulate, prove, explain, diff, schema)
