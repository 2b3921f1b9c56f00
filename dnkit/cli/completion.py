"""What a word begun at a flag may become: the shell asks when Tab is pressed."""

from collections.abc import Callable, Iterable

Complete = Callable[[str], list[str]]


def one_of(text: str) -> Complete:
    """Completes to the words of a `metavar` such as `text|json`."""
    return lambda incomplete: [word for word in text.split("|") if word.startswith(incomplete)]


def codes(incomplete: str) -> list[str]:
    """Codes and their names; after a comma the next one."""
    from dnkit.policies.codes import CODES

    *before, last = incomplete.split(",")
    words = (*CODES, *(one.name for one in CODES.values()))
    return [",".join((*before, word)) for word in words if word.startswith(last)]


def policies(incomplete: str) -> list[str]:
    """Shipped policies."""
    from dnkit.runtime.library import packaged_names

    return [name for name in packaged_names() if name.startswith(incomplete)]


def fault_profiles(incomplete: str) -> list[str]:
    """Names of shipped fault profiles; files and folders on the way to one."""
    from dnkit.cli.simulating import profile_names

    return _names_and_files(profile_names(), incomplete)


def unfinished_runs(incomplete: str) -> list[str]:
    """Ids of runs that were cut off."""
    from dnkit.journal.errors import JournalError
    from dnkit.journal.reader import Reader
    from dnkit.runtime.folder import state_folder

    try:
        with Reader(state_folder().journal) as reader:
            return [
                one.header.run_id for one in reader.unfinished() if one.header.run_id.startswith(incomplete)
            ]
    except JournalError:
        return []


def running(incomplete: str) -> list[str]:
    """Runs that are at work, and their policies."""
    from dnkit.control.client import engines
    from dnkit.runtime.folder import state_folder

    found = engines(state_folder().root)
    names = (name for one in found for name in (one.status.run, one.hello.policy))
    return sorted({name for name in names if name and name.startswith(incomplete)})


def venues(incomplete: str) -> list[str]:
    """Venues there are facts of; after a comma the next one."""
    from dnkit.runtime.library import VenueFacts

    *before, last = incomplete.split(",")
    return [",".join((*before, venue)) for venue in VenueFacts() if venue.startswith(last)]


def properties(incomplete: str) -> list[str]:
    """Ids of what can be proved."""
    from dnkit.analysis.properties import PROPERTIES

    return [one.id for one in PROPERTIES if one.id.startswith(incomplete.upper())]


def policies_and_files(incomplete: str) -> list[str]:
    """Names of policies; files and folders on the way to one."""
    from dnkit.runtime.library import known_names

    return _names_and_files(known_names(), incomplete)


def scenarios(incomplete: str) -> list[str]:
    """Names of scenarios; files and folders on the way to one."""
    from dnkit.cli.scenario_files import known_names

    return _names_and_files(known_names(), incomplete)


def _names_and_files(names: Iterable[str], incomplete: str) -> list[str]:
    import os
    from glob import escape, glob

    paths = [f"{one}/" if os.path.isdir(one) else one for one in sorted(glob(f"{escape(incomplete)}*"))]
    known = [name for name in names if name.startswith(incomplete)]
    return [*known, *(path for path in paths if path.endswith(("/", ".yaml", ".yml")))]
