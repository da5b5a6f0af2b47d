"""Pure: geometry of the charts; the templates draw them as inline SVG."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WIDTH = 720
HEIGHT = 180
_GAP = 0.25


@dataclass(frozen=True)
class Bar:
    """One bar in the coordinates of the SVG."""

    x: float
    y: float
    width: float
    height: float
    series: str
    label: str
    value: int


@dataclass(frozen=True)
class Columns:
    """A column chart: bars of several series drawn over each other, and lines of the scale."""

    bars: Sequence[Bar]
    scale: Sequence[tuple[float, int]]
    first: str
    last: str
    is_empty: bool


def columns(groups: Mapping[str, Mapping[str, int]], series: Sequence[str]) -> Columns:
    """Return the bars of each group, the later series before the earlier ones."""
    largest = max((max(counts[name] for name in series) for counts in groups.values()), default=0)
    top = _round_up(largest)
    step = WIDTH / max(1, len(groups))
    bars = [
        Bar(
            round(number * step + step * _GAP / 2, 2),
            round(HEIGHT - HEIGHT * counts[name] / top, 2),
            round(step * (1 - _GAP), 2),
            round(HEIGHT * counts[name] / top, 2),
            name,
            label,
            counts[name],
        )
        for number, (label, counts) in enumerate(groups.items())
        for name in series
        if counts[name]
    ]
    labels = list(groups) or [""]
    scale = [(round(HEIGHT - HEIGHT * value / top, 2), value) for value in (top, top // 2) if value]
    return Columns(bars, scale, labels[0], labels[-1], largest == 0)


def duration(seconds: float | None, texts: Callable[..., str]) -> str:
    """Return a duration such as `42 s`, `3:05 min` or `2.5 h`; a dash for None."""
    if seconds is None:
        return "—"
    if seconds < 100:
        return texts("ago.seconds", count=round(seconds))
    if seconds < 6000:
        return texts("ago.minutes", count=f"{int(seconds) // 60}:{int(seconds) % 60:02d}")
    return texts("ago.hours", count=f"{seconds / 3600:.1f}")


def _round_up(value: int) -> int:
    """Return the next number of the form 2, 4, 10, 20, 40, 100 …"""
    step = 1
    while True:
        for factor in (2, 4, 10):
            if value <= factor * step:
                return factor * step
        step *= 10
