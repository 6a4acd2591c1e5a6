"""Aspect ratios, resolutions and pixel sizes, checked against the vendor's guide."""

from __future__ import annotations

import pytest

from bot.domain.picture import SIZES, Resolution, next_resolution, parse_size, pixel_size

# Aspect ratio, then width and height at 0.5K, 1K, 2K, 4K: the guide's table.
GUIDE = """
1:1   512x512   1024x1024  2048x2048  4096x4096
1:4   256x1024  512x2048   1024x4096  2048x8192
4:1   1024x256  2048x512   4096x1024  8192x2048
1:8   192x1536  384x3072   768x6144   1536x12288
8:1   1536x192  3072x384   6144x768   12288x1536
2:3   424x632   848x1264   1696x2528  3392x5056
3:2   632x424   1264x848   2528x1696  5056x3392
3:4   448x600   896x1200   1792x2400  3584x4800
4:3   600x448   1200x896   2400x1792  4800x3584
4:5   464x576   928x1152   1856x2304  3712x4608
5:4   576x464   1152x928   2304x1856  4608x3712
9:16  384x688   768x1376   1536x2752  3072x5504
16:9  688x384   1376x768   2752x1536  5504x3072
21:9  792x336   1584x672   3168x1344  6336x2688
"""
ROWS = [line.split() for line in GUIDE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_pixels_equal_the_guides_table(row: list[str]) -> None:
    """Every ratio has the guide's pixel size at every resolution."""
    size, *pixels = row
    found = ["{}x{}".format(*pixel_size(size, resolution)) for resolution in Resolution]
    assert found == pixels


def test_exactly_the_guides_ratios_exist() -> None:
    """A ratio that the guide does not list could return HTTP 500, so it is not offered."""
    assert set(SIZES) == {row[0] for row in ROWS}


@pytest.mark.parametrize("text", ["2k", "2K", " 2K "])
def test_resolution_is_read_in_any_case(text: str) -> None:
    """The API takes resolutions in any case, and so does the bot."""
    assert Resolution.parse(text) is Resolution.TWO_K


@pytest.mark.parametrize("text", ["", "3K", "2048", "2", "K"])
def test_unknown_resolution_names_the_choices(text: str) -> None:
    """An unknown value is refused with a sentence that lists the valid ones."""
    with pytest.raises(ValueError, match=r"0\.5K, 1K, 2K, 4K"):
        Resolution.parse(text)


@pytest.mark.parametrize("text", ["16:9", " 16 : 9 "])
def test_size_is_read_with_blanks(text: str) -> None:
    """Blanks in a ratio are ignored."""
    assert parse_size(text) == "16:9"


@pytest.mark.parametrize("text", ["", "7:5", "16x9", "1024x1024", "16:9:1"])
def test_unknown_size_names_the_choices(text: str) -> None:
    """An unknown value is refused with a sentence that lists the valid ones."""
    with pytest.raises(ValueError, match=r"1:1, 2:3"):
        parse_size(text)


def test_resolutions_go_up_step_by_step() -> None:
    """From the smallest to the largest, which has no next one."""
    assert [next_resolution(resolution) for resolution in Resolution] == [*list(Resolution)[1:], None]
