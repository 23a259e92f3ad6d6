"""The pictures: the same file each time, on both grounds, with captions that state settings and seeds."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the extra pictures is not installed")

from lstm_sym.cells import CELLS, LSTM
from lstm_sym.flow import Setting, gradient_flow
from lstm_sym.flow.pictures import (
    PICTURES,
    THEMES,
    cell_picture,
    chinese_fonts,
    drawn,
    exact,
    flow_picture,
    measured,
    write_gallery,
    write_picture,
)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Few networks for the one picture that takes seconds."""
    monkeypatch.setattr(exact, "COPIED_SEEDS", 3)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_the_same_file_each_time(name):
    first, second = (drawn(PICTURES[name](), THEMES["light"]) for _ in range(2))
    assert first == second != drawn(PICTURES[name](), THEMES["dark"])
    text = first.decode()
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "<dc:date>" not in text and "matplotlib.org/" not in text.split("<metadata>")[1].split("</metadata>")[0]


@pytest.mark.parametrize("name", PICTURES)
def test_captions_state_the_settings(name):
    picture = PICTURES[name]()
    assert picture.name == name
    caption = picture.caption.en
    assert re.search(r"seeds? \d", caption) or "Nothing here is random." in caption
    assert "seed" not in caption or re.search(r"n = \d+", caption)


@pytest.mark.parametrize("name", PICTURES)
def test_captions_tell_the_same_numbers_in_both_languages(name):
    caption = PICTURES[name]().caption
    english, chinese = (sorted(re.findall(r"\d+(?:\.\d+)?", text)) for text in (caption.en, caption.zh))
    assert english == chinese != []
    assert not re.search(r"[\u4e00-\u9fff]", caption.en) and re.search(r"[\u4e00-\u9fff]", caption.zh)


@pytest.mark.skipif(not chinese_fonts(), reason="no font with Chinese characters is installed")
@pytest.mark.parametrize(
    "make", [lambda: flow_picture(gradient_flow(LSTM, Setting(size=2), 5)), exact.copied_recursion]
)
def test_the_words_in_a_picture_are_in_its_language(make, caplog):
    english, chinese = (drawn(make(), replace(THEMES["light"], language=language)) for language in ("en", "zh"))
    assert english != chinese
    assert not [record for record in caplog.records if "glyph" in record.message]


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_is_drawn(name):
    text = drawn(cell_picture(CELLS[name])).decode()
    assert ElementTree.fromstring(text) is not None and text == drawn(cell_picture(CELLS[name])).decode()


def luminance(colour):
    """The relative luminance of #rrggbb (WCAG 2, section 1.4.3)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_lines_stand_out_from_the_ground_and_differ_in_more_than_colour(theme):
    def contrast(a, b):
        high, low = sorted((luminance(a), luminance(b)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    assert contrast(theme.ink, theme.ground) > 7
    assert all(contrast(colour, theme.ground) >= 3 for colour in theme.colours)
    styles = [(theme.dashes[k], theme.markers[k]) for k in range(len(theme.colours))]
    assert len({str(dash) for dash, _ in styles}) == len({marker for _, marker in styles}) == len(theme.colours)
    assert contrast(*theme.colours[:2]) > 1.25, "in greyscale, too"


def test_the_colour_map_grows_lighter_with_the_norm():
    import matplotlib

    samples = matplotlib.colormaps["cividis"](np.linspace(0, 1, 30))[:, :3]
    grey = samples @ [0.299, 0.587, 0.114]
    assert (np.diff(grey) > 0).all()


def test_the_shrinking_gradient_shrinks_stays_and_grows():
    small, middle, large = measured.shrinking_flows()
    assert small.largest[-1] < -4 and abs(middle.largest[-1]) < 1 and large.largest[-1] > 1
    assert len(small.lags) == measured.SHRINKING_LAG


def test_the_maps_forget_less_with_a_larger_forget_bias():
    maps = measured.sensitivity_maps()
    assert list(maps) == ["RNN", *[f"LSTM, $b_f = {b}$" for b in (0, 1, 3, 5)], "LSTM, $f = 1$"]
    kept = [logs[-1, 0] for logs in maps.values()]
    assert kept[1] < kept[2] < kept[3] < kept[4] and kept[0] < kept[3]
    assert all(logs.shape == (measured.MAP_STEPS + 1,) * 2 for logs in maps.values())


def test_the_gallery_has_a_light_and_a_dark_file_of_each(tmp_path):
    paths = write_gallery(tmp_path)
    assert sorted(path.name for path in paths) == sorted(f"{n}-{ground}.svg" for n in PICTURES for ground in THEMES)
    assert all(path.stat().st_size > 5000 for path in paths)


def test_settings_of_the_user_do_not_shine_through():
    import matplotlib

    measured_flow = gradient_flow(LSTM, Setting(size=2), 5)
    plain = drawn(flow_picture(measured_flow))
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 30, "axes.facecolor": "red"}):
        assert drawn(flow_picture(measured_flow)) == plain
        assert matplotlib.rcParams["font.size"] == 30


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_files_by_their_ending(tmp_path, form):
    write_picture(cell_picture(LSTM), tmp_path / f"lstm.{form}", dark=True)
    start = (tmp_path / f"lstm.{form}").read_bytes()[:5]
    assert start == {"svg": b"<?xml", "png": b"\x89PNG\r", "pdf": b"%PDF-"}[form]


def test_another_ending_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"lstm.jpg: a picture's file ends in .svg, .png, .pdf"):
        write_picture(cell_picture(LSTM), tmp_path / "lstm.jpg")
