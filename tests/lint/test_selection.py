"""`--select` and `--ignore`: the longer beginning wins, names are as good as numbers."""

import pytest

from dnkit.lint.selection import UnknownCode, parse_selection


@pytest.mark.parametrize(
    ("select", "ignore", "told", "left_out"),
    [
        ([], [], "DNK101 DNK301", ""),
        (["DNK3"], [], "DNK301 DNK302", "DNK101 DNK413"),
        (["DNK3,DNK413"], [], "DNK301 DNK413", "DNK412"),
        (["dnk3"], [], "DNK301", "DNK101"),
        ([], ["DNK3"], "DNK413", "DNK301"),
        (["DNK301"], ["DNK3"], "DNK301", "DNK302 DNK101"),
        (["DNK"], ["DNK4", "end-without-verify"], "DNK302", "DNK301 DNK413"),
        (["DNK4"], ["DNK4"], "DNK413", "DNK101"),
    ],
)
def test_which_codes_are_told(select: list[str], ignore: list[str], told: str, left_out: str) -> None:
    chosen = parse_selection(select, ignore)
    assert all(chosen.wants(code) for code in told.split())
    assert not any(chosen.wants(code) for code in left_out.split())


@pytest.mark.parametrize("word", ["DNK999", "E501", "end-without-verfy"])
def test_a_word_that_begins_no_code_is_told(word: str) -> None:
    with pytest.raises(UnknownCode, match=r"--select"):
        parse_selection([word], [])
    with pytest.raises(UnknownCode, match="end-without-verify"):
        parse_selection([], ["end-without-verfy"])
