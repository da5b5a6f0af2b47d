"""Pure: formats a run as tables: medians, ranges, ratios, targets, and changes since an earlier run."""

from collections.abc import Mapping, Sequence

from benchmarks.reporting.figures import Figure, RatioResult, Target, compare
from benchmarks.reporting.results import Run, Spread

HEAD = ("figure", "median", "range", "ratio", "target", "")
CHANGE = "since"


def table(run: Run, earlier: Mapping[tuple[str, ...], Spread] | None = None) -> str:
    """Return every part under its heading, as Markdown that is also readable in a terminal."""
    parts = [f"### {name}\n\n{_part(name, figures, earlier)}" for name, figures in run.items()]
    return "\n\n".join([*parts, summary(run)])


def summary(run: Run) -> str:
    """Return the number of targets that are met, and the missed ones."""
    verdicts = [verdict for name, figures in run.items() for verdict in _verdicts(name, figures)]
    missed = [text for text, met in verdicts if not met]
    lines = [f"{len(verdicts) - len(missed)} of {len(verdicts)} targets met."]
    return "\n".join([*lines, *(f"- MISSED: {text}" for text in missed)])


def number(value: float) -> str:
    """Format with three significant digits; from 100 on as a whole number."""
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def _part(part: str, figures: Sequence[Figure], earlier: Mapping[tuple[str, ...], Spread] | None) -> str:
    rows = [[*HEAD, *([] if earlier is None else [CHANGE])]]
    for figure in figures:
        rows += _rows(part, figure, compare(figure, figures), earlier)
    notes = [f"- {figure.name}: {figure.note}" for figure in figures if figure.note]
    return "\n\n".join([_markdown(rows), *(["\n".join(notes)] if notes else [])])


def _rows(
    part: str,
    figure: Figure,
    ratios: Sequence[RatioResult],
    earlier: Mapping[tuple[str, ...], Spread] | None,
) -> list[list[str]]:
    def row(one: Figure | RatioResult, key: tuple[str, ...], *cells: str) -> list[str]:
        change = [] if earlier is None else [_change(one, earlier.get(key))]
        return [*cells, *_target(one.target, one.median), *change]

    value = f"{number(figure.median)} {figure.unit}"
    own = row(figure, (part, figure.name), figure.name, value, _range(figure.samples), "")
    return [own, *(row(one, (part, figure.name, one.to), "", "", "", _ratio(one)) for one in ratios)]


def _ratio(ratio: RatioResult) -> str:
    spread = _range(ratio.samples)
    return f"{number(ratio.median)}{f' ({spread})' if spread else ''} of {ratio.to}"


def _target(target: Target | None, value: float) -> tuple[str, str]:
    if target is None:
        return "", ""
    return f"{target.kind} {target.limit:g}", "met" if target.met(value) else "**MISSED**"


def _change(now: Figure | RatioResult, then: Spread | None) -> str:
    if then is None:
        return "new"
    if not then.median:
        return ""
    percent = f"{100 * (now.median / then.median - 1):+.0f} %"
    return f"{percent}, noise" if Spread.of(now.samples, now.median).overlaps(then) else percent


def _range(samples: Sequence[float]) -> str:
    return f"{number(min(samples))}–{number(max(samples))}" if len(samples) > 1 else ""


def _verdicts(part: str, figures: Sequence[Figure]) -> list[tuple[str, bool]]:
    found = []
    for figure in figures:
        if figure.target:
            text = f"{part}: {figure.name}, {number(figure.median)} {figure.unit}"
            found.append(_verdict(text, figure.target, figure.median))
        for ratio in compare(figure, figures):
            if ratio.target:
                text = f"{part}: {figure.name}, {number(ratio.median)} of {ratio.to}"
                found.append(_verdict(text, ratio.target, ratio.median))
    return found


def _verdict(text: str, target: Target, value: float) -> tuple[str, bool]:
    return f"{text} ({target.kind} {target.limit:g} wanted)", target.met(value)


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
