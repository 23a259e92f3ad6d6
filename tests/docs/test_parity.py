"""The two languages are one book; what one lacks is told."""

import pytest
from book.parity import differences, disparities

PAGE = "# A\n\nN03\n\n<!-- lstm-sym: cell LSTM -->\n<!-- /lstm-sym -->\n\n```{picture} half-life\n```\n## B\n"


def test_the_chapters_agree():
    assert disparities() == []


def test_code_is_no_section():
    assert list(differences(PAGE, PAGE + "```sh\n# comment\n```\n")) == []


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("## B\n", "", "sections differ: 2 and 1, number 2 is ## and nothing"),
        ("## B", "### B", "sections differ: 2 and 2, number 2 is ## and ###"),
        ("cell LSTM", "cell RNN", "formula blocks differ: 1 and 1, number 1 is cell LSTM and cell RNN"),
        ("half-life", "activations", "pictures differ: 1 and 1, number 1 is half-life and activations"),
        ("N03", "N04", "claims differ: 1 and 1, number 1 is N03 and N04"),
    ],
)
def test_what_one_language_lacks_is_told(old, new, told):
    assert list(differences(PAGE, PAGE.replace(old, new))) == [told]


def test_a_chapter_in_one_language_only_is_told(tmp_path):
    for name in ("en", "zh"):
        (tmp_path / name).mkdir()
    (tmp_path / "en" / "extra.md").write_text("# Extra\n")
    assert disparities((tmp_path / "en", tmp_path / "zh")) == ["extra.md: only in one language"]
