"""Draws a chart: `python -m bot.ui.charts` reads one as JSON on standard input and writes a PNG to standard output.

It runs as a separate process: the plotting library takes a second and 100 MB, and its failure must not affect the bot.
The style is for phones in dark mode: large type, few ticks, dark background.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from bot.domain.chart import Chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUND: Final = "#1a1a1e"
"""Discord's dark background, so that the chart has no visible edge."""
_INK: Final = "#dbdee1"
_FAINT: Final = "#4e5058"
_COLOURS: Final = {"0.5K": "#5ec4c9", "1K": "#5b8def", "2K": "#f0a94a", "4K": "#e8618c"}
"""The colours differ in lightness too, for readers with colour blindness."""
_OTHERS: Final = ("#9b84ec", "#8fce6b", "#c9c9c9")
_INCHES: Final = (6.4, 4.4)
_AIR_INCHES: Final = 0.15
_DOTS_PER_INCH: Final = 150
_MOST_TICKS: Final = 5
_FEW_BARS: Final = 7


def draw(chart: Chart) -> bytes:
    """The PNG of a chart. The plotting library is imported here, not when this module is imported."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    layout = ConstrainedLayoutEngine(w_pad=_AIR_INCHES, h_pad=_AIR_INCHES)
    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, facecolor=GROUND, layout=layout)
    axes: Axes = figure.add_subplot()
    _bars(axes, chart.labels, chart.series)
    _furnish(axes, chart)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _bars(axes: Axes, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> None:
    places = range(len(labels))
    below = [0.0] * len(labels)
    others = iter(_OTHERS * (1 + len(series) // len(_OTHERS)))
    for name, numbers in series.items():
        # A refund on a later day than its charge would give a negative bar.
        heights = [max(0.0, number) for number in numbers]
        axes.bar(places, heights, bottom=below, width=0.82, label=name, color=_COLOURS.get(name) or next(others))
        below = [sum(pair) for pair in zip(below, heights, strict=True)]


def _furnish(axes: Axes, chart: Chart) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415 - the library is loaded by then

    labels = chart.labels
    legend = bool(chart.series)
    axes.set_facecolor(GROUND)
    axes.set_title(chart.title, color=_INK, fontsize=22, loc="left", pad=46 if legend else 16)
    every = max(1, -(-len(labels) // _MOST_TICKS))
    axes.set_xticks(range(0, len(labels), every), labels[::every])
    axes.tick_params(colors=_INK, labelsize=18, length=0, pad=8)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.4g}" if number < 1 else f"{number:,g}"))
    axes.set_ylim(bottom=0)
    # Keeps a few bars from becoming too wide.
    air = max(0.0, (_FEW_BARS - len(labels)) / 2)
    axes.set_xlim(-0.6 - air, max(len(labels), 1) - 0.4 + air)
    axes.grid(axis="y", color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    if legend:
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.01, 0.99), ncols=len(chart.series), fontsize=18, labelcolor=_INK,
            frameon=False, handlelength=0.9, handletextpad=0.4, columnspacing=1.3,
        )  # fmt: skip


def main() -> None:
    """Read JSON from standard input and write the PNG to standard output."""
    sys.stdout.buffer.write(draw(Chart(**json.load(sys.stdin))))


if __name__ == "__main__":
    main()
