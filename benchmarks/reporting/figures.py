"""Pure: figures, their targets, and their ratios to other figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True)
class Target:
    """The target of a figure or a ratio: at least or at most `limit`."""

    kind: Literal["≥", "≤"]
    limit: float

    def met(self, value: float) -> bool:
        """Return True if `value` reaches the target."""
        return value >= self.limit if self.kind == "≥" else value <= self.limit


def at_least(limit: float) -> Target:
    """Return a target for a figure that should be high."""
    return Target("≥", limit)


def at_most(limit: float) -> Target:
    """Return a target for a figure that should be low."""
    return Target("≤", limit)


@dataclass(frozen=True)
class Ratio:
    """A figure divided by another figure of the same part, round by round."""

    to: str
    target: Target | None = None


@dataclass(frozen=True)
class Figure:
    """A measured value with one sample per round. `name` is unique within its part."""

    name: str
    unit: str
    samples: Sequence[float]
    target: Target | None = None
    ratios: Sequence[Ratio] = ()
    # How it was measured, or what else a reader needs to know.
    note: str = ""

    @property
    def median(self) -> float:
        """The value of the figure, compared with its target."""
        return median(self.samples)


@dataclass(frozen=True)
class RatioResult:
    """A computed ratio: its samples, and the name of the figure that it is a ratio to."""

    to: str
    samples: Sequence[float]
    target: Target | None

    @property
    def median(self) -> float:
        """The value of the ratio, compared with its target."""
        return median(self.samples)


def compare(figure: Figure, figures: Sequence[Figure]) -> Sequence[RatioResult]:
    """Return the ratios of a figure. Samples of the same round are compared: they are close in time."""
    by_name = {one.name: one for one in figures}
    return [
        RatioResult(
            ratio.to,
            [mine / other for mine, other in zip(figure.samples, by_name[ratio.to].samples, strict=True)],
            ratio.target,
        )
        for ratio in figure.ratios
        # A baseline that cannot be measured on this machine has no figure; the part has logged it.
        if ratio.to in by_name
    ]
