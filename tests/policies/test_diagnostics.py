"""How a diagnostic looks: place, excerpt, caret, help; whatever the file holds."""

from dnkit.policies.diagnostics import (
    Diagnostic,
    Edit,
    Fix,
    Related,
    Span,
    did_you_mean,
    in_order,
    nearest,
    render,
    suggestion,
)

TEXT = "policy: 1\nname: höhe\nsummary: 日本 x\n"


def finding(line: int, col: int, end_col: int, **more: object) -> Diagnostic:
    span = Span("p.yaml", line, col, line, end_col)
    return Diagnostic(code="DNK103", message="there is no key `x`", span=span, **more)  # type: ignore[arg-type]


def test_the_whole_picture() -> None:
    related = (
        Related(Span("p.yaml", 1, 1, 1, 7), "first here"),
        Related(Span("q.yaml", 1, 1, 1, 2), "and here"),
    )
    one = finding(2, 7, 11, help="did you mean `y`?", notes=("a note",), related=related)
    assert render(one, TEXT, {"q.yaml": "z: 1\n"}) == (
        "error[DNK103]: there is no key `x`\n"
        "  --> p.yaml:2:7\n"
        "   |\n"
        " 2 | name: höhe\n"
        "   |       ^^^^\n"
        "   |\n"
        " 1 | policy: 1\n"
        "   | ------ first here\n"
        "  --> q.yaml:1:1\n"
        "   |\n"
        " 1 | z: 1\n"
        "   | - and here\n"
        "   = note: a note\n"
        "   = help: did you mean `y`?\n"
        "   = rule: unknown-key, told by `dnkit lint --explain DNK103`"
    )


def test_the_word_that_was_meant_is_the_help_and_a_fix_says_how_to_put_it_in() -> None:
    edit = Edit(Span("p.yaml", 2, 7, 2, 11), "y")
    for safe, words in ((True, "--fix"), (False, "--fix --unsafe-fixes")):
        one = finding(2, 7, 11, help="or `z`", meant="y", fix=Fix("write `y`", (edit,), safe))
        assert render(one, TEXT).split("\n")[-3:-1] == [
            "   = help: did you mean `y`?",
            f"   = fix: write `y` ({words})",
        ]


def test_caret_stands_below_wide_characters() -> None:
    lines = render(finding(3, 13, 14), TEXT).split("\n")
    assert lines[4] == "   |" + " " * (1 + len("summary: ") + 4 + 1) + "^"


def test_wide_characters_get_two_carets() -> None:
    assert render(finding(3, 10, 12), TEXT).split("\n")[4].endswith(" ^^^^")


def test_long_lines_are_cut_around_the_place() -> None:
    text = "x" * 500 + "HERE" + "y" * 500
    shown = render(finding(1, 501, 505), text).split("\n")
    assert "HERE" in shown[3] and len(shown[3]) < 130
    assert shown[3].index("HERE") == shown[4].index("^^^^")


def test_no_file_writes_to_the_terminal() -> None:
    shown = render(finding(1, 1, 2), "\x1b[31mred\x1b[0m \u202e")
    assert "\x1b" not in shown and "\u202e" not in shown


def test_a_place_past_the_end_is_no_trap() -> None:
    assert render(finding(9, 1, 2), TEXT).split("\n")[1] == "  --> p.yaml:9:1"
    assert render(finding(1, 99, 100), TEXT).split("\n")[3] == " 1 | policy: 1"


def test_nearest_word() -> None:
    assert nearest("max_concesion", ["max_spread", "max_concession"]) == "max_concession"
    assert nearest("Max-Spread", ["max_spread"]) == "max_spread"
    assert nearest("zzz", ["max_spread"]) == ""
    assert did_you_mean("zzz", ["a", "b"]) == "known here: a, b"
    assert did_you_mean("zzz", []) == ""
    assert suggestion("aa1", ["aa2", "b"]) == {"meant": "aa2"}
    assert suggestion("zzz", ["aa2", "b"]) == {"help": "known here: aa2, b"}


def test_order_and_repeats() -> None:
    late, early = finding(3, 1, 2), finding(1, 1, 2)
    trap = Diagnostic(code="DNK012", message="`no`", span=early.span)
    assert in_order([late, early, late]) == (early, late)
    assert in_order([early, trap]) == (trap,)
