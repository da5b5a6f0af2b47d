"""Pure: geometry of the charts; the templates draw them as inline SVG."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WIDTH = 720
HEIGHT = 180
_GAP = 0.25
# The labels below a chart, so that they do not touch each other.
_LABELS = 6


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
class Frame:
    """What all charts have: the lines of the scale, and the labels below with their places."""

    scale: Sequence[tuple[float, float]]
    labels: Sequence[tuple[float, str]]
    is_empty: bool


@dataclass(frozen=True)
class Columns:
    """A column chart: bars of several series drawn over each other."""

    bars: Sequence[Bar]
    frame: Frame


@dataclass(frozen=True)
class Line:
    """A line over an area. `points`: place, label and value."""

    line: str
    area: str
    points: Sequence[tuple[float, float, str, float]]
    frame: Frame


def columns(groups: Mapping[str, Mapping[str, int]], series: Sequence[str]) -> Columns:
    """Return the bars of each group, the later series before the earlier ones."""
    largest = max((max(counts[name] for name in series) for counts in groups.values()), default=0)
    top = round_up(largest)
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
    return Columns(bars, _frame(list(groups), top, largest))


def line(values: Mapping[str, float]) -> Line:
    """Return a line through the values, in their order."""
    largest = max(values.values(), default=0)
    top = round_up(largest)
    step = WIDTH / max(1, len(values))
    points = [
        (round((number + 0.5) * step, 2), round(HEIGHT - HEIGHT * value / top, 2), label, value)
        for number, (label, value) in enumerate(values.items())
    ]
    path = " L".join(f"{x} {y}" for x, y, *_ in points)
    area = f"M{points[0][0]} {HEIGHT} L{path} L{points[-1][0]} {HEIGHT} Z" if points else ""
    return Line(f"M{path}" if points else "", area, points, _frame(list(values), top, largest))


def _frame(labels: Sequence[str], top: float, largest: float) -> Frame:
    scale = [(round(HEIGHT - HEIGHT * value / top, 2), value) for value in (top, top / 2)]
    step = WIDTH / max(1, len(labels))
    every = -(-len(labels) // _LABELS) or 1
    places = [
        (round((number + 0.5) * step, 2), label) for number, label in enumerate(labels) if number % every == 0
    ]
    return Frame(scale, places, largest == 0)


def duration(seconds: float | None, texts: Callable[..., str]) -> str:
    """Return a duration such as `42 s`, `3:05 min` or `2.5 h`; a dash for None."""
    if seconds is None:
        return "—"
    if seconds < 100:
        return texts("ago.seconds", count=round(seconds))
    if seconds < 6000:
        return texts("ago.minutes", count=f"{int(seconds) // 60}:{int(seconds) % 60:02d}")
    return texts("ago.hours", count=f"{seconds / 3600:.1f}")


def round_up(value: float) -> float:
    """Return the next number of the form 2, 4, 10, 20, 40, 100 …; below 1 in the same steps: 0.02, 0.04 …"""
    step = 1.0 if value > 1 or value <= 0 else 0.001
    while True:
        for factor in (2, 4, 10):
            if value <= factor * step:
                return factor * step
        step *= 10
