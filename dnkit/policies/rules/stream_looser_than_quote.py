"""A stream that may be silent for longer than a quote may be old."""

from collections.abc import Iterator

from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject
from dnkit.policies.unit_texts import show_time

CODE = "DNK445"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """`data.stream.max_silence` above `data.bbo.max_age`."""
    data = subject.policy.data
    if data.max_silence_ns is None or data.max_age_ns is None or data.max_silence_ns <= data.max_age_ns:
        return
    silence, age = show_time(data.max_silence_ns), show_time(data.max_age_ns)
    said = (
        f"a stream may be silent for {silence}, and its quotes are too old after {age}: in between nothing "
        "is priced, and nobody connects anew"
    )
    where = (subject.related("too old after this", "data", "bbo", "max_age"),)
    help = f"write `max_silence: {age}` or less"
    yield subject.finding(CODE, said, "data", "stream", "max_silence", help=help, related=where)
