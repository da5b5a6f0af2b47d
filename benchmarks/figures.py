"""Pure: a figure, what it is to reach, and what it is measured against."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True)
class Target:
    """What a figure or a ratio is to reach: at least or at most `limit`."""

    kind: Literal["≥", "≤"]
    limit: float

    def met(self, value: float) -> bool:
        """Whether `value` is good enough."""
        return value >= self.limit if self.kind == "≥" else value <= self.limit


def at_least(limit: float) -> Target:
    """The target of what should be high."""
    return Target("≥", limit)


def at_most(limit: float) -> Target:
    """The target of what should be low."""
    return Target("≤", limit)


@dataclass(frozen=True)
class Ratio:
    """A figure in parts of another one of the same part of the run, round by round."""

    to: str
    target: Target | None = None


@dataclass(frozen=True)
class Figure:
    """What was measured: one sample a round. `name` is unique within its part of the run."""

    name: str
    unit: str
    samples: Sequence[float]
    target: Target | None = None
    ratios: Sequence[Ratio] = ()
    # What it was measured with, or what else a reader has to know.
    note: str = ""

    @property
    def median(self) -> float:
        """What stands for the figure, and is held against its target."""
        return median(self.samples)


@dataclass(frozen=True)
class Compared:
    """A ratio worked out: its samples, and the name of what it is a part of."""

    to: str
    samples: Sequence[float]
    target: Target | None

    @property
    def median(self) -> float:
        """What is held against the target."""
        return median(self.samples)


def compared(figure: Figure, figures: Sequence[Figure]) -> Sequence[Compared]:
    """The ratios of a figure. The rounds alternate: each sample has its neighbour in time."""
    by_name = {one.name: one for one in figures}
    return [
        Compared(
            ratio.to,
            [mine / other for mine, other in zip(figure.samples, by_name[ratio.to].samples, strict=True)],
            ratio.target,
        )
        for ratio in figure.ratios
        # A baseline that could not be measured here has no figure: the part has said so.
        if ratio.to in by_name
    ]
