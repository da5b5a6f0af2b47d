"""A run's figures as text for a person and as JSON for a machine."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from shared.statuses import Intent
from worker.evaluation.cases import Reply
from worker.evaluation.scoring import Scores, Share, Took

_MOST_SHOWN = 12


def as_text(runs: Mapping[str, Scores], journey: Mapping[str, Took]) -> str:
    """The figures side by side, then each run's confusion, and what went wrong in it."""
    parts = [_summary(runs, journey)]
    for name, scores in runs.items():
        parts += [f"## {name}", *([_confusion(scores)] if scores.replies else []), _wrong(scores)]
    return "\n\n".join(parts)


def as_json(runs: Mapping[str, Scores], journey: Mapping[str, Took]) -> dict[str, Any]:
    """Everything, by run."""
    return {name: _run(scores) | {"form_to_link": asdict(journey[name])} for name, scores in runs.items()}


def _summary(runs: Mapping[str, Scores], journey: Mapping[str, Took]) -> str:
    rows = [["", *runs]]
    if any(one.replies for one in runs.values()):
        rows += _understanding(runs)
    rows.append(["attacks withstood", *(_withstood(one) for one in runs.values())])
    rows.append(["texts refused by the guard", *(str(one.refused.total()) for one in runs.values())])
    rows.append(["no usable answer", *(str(one.failed) for one in runs.values())])
    rows.append(["calls a turn", *(f"{one.took.calls:.2f}" for one in runs.values())])
    rows.append(["tokens a turn, in (cached) + out", *(_tokens(one.took) for one in runs.values())])
    rows.append(["cost a turn", *(_cost(one.took.cost_usd) for one in runs.values())])
    rows.append(["seconds a turn, median / p95", *(_seconds(one.took) for one in runs.values())])
    rows.append(
        ["form to link, calls", *(f"{journey[name].calls * journey[name].turns:.0f}" for name in runs)]
    )
    return _table(rows)


def _understanding(runs: Mapping[str, Scores]) -> list[list[str]]:
    intents = [[f"F1 {intent}", *(_f1(one.intent(intent)) for one in runs.values())] for intent in Intent]
    return [
        ["replies", *(str(one.replies) for one in runs.values())],
        ["accuracy", *(f"{one.accuracy:.1%}" for one in runs.values())],
        ["macro F1", *(f"{one.macro_f1:.3f}" for one in runs.values())],
        *intents,
        ["F1 needs_human", *(_f1(one.needs_human) for one in runs.values())],
        ["F1 do not contact", *(_f1(one.asks_not_to_be_contacted) for one in runs.values())],
    ]


def _confusion(scores: Scores) -> str:
    rows = [["meant ↓ taken for →", *Intent]]
    for real in Intent:
        rows.append([real, *(str(scores.confusion[real, got]) for got in Intent)])
    return _table(rows)


def _wrong(scores: Scores) -> str:
    lines = [f"- {case_id}: {what}" for case_id, what in scores.violations]
    for one in scores.unheard:
        if isinstance(one.case, Reply):
            what = "missed" if one.case.asks_not_to_be_contacted else "made up"
            lines.append(f"- {one.case.id} “{' / '.join(one.case.said)}”: a wish not to be contacted, {what}")
    for one in scores.wrong[:_MOST_SHOWN]:
        if isinstance(one.case, Reply):
            got = one.verdict.intent if one.verdict else f"nothing ({one.error})"
            lines.append(f"- {one.case.id} “{' / '.join(one.case.said)}”: {one.case.intent}, taken for {got}")
    more = len(scores.wrong) - _MOST_SHOWN
    lines += [f"- … and {more} more; --json has them all"] if more > 0 else []
    lines += [f"- the guard, {count}×: {why}" for why, count in scores.refused.most_common()]
    return "\n".join(lines) or "Nothing went wrong."


def _run(scores: Scores) -> dict[str, Any]:
    return {
        "replies": scores.replies,
        "accuracy": scores.accuracy,
        "macro_f1": scores.macro_f1,
        "intents": {intent: _figures(scores.intent(intent)) for intent in Intent},
        "needs_human": _figures(scores.needs_human),
        "asks_not_to_be_contacted": _figures(scores.asks_not_to_be_contacted),
        "confusion": {real: {got: scores.confusion[real, got] for got in Intent} for real in Intent},
        "attacks": scores.attacks,
        "violations": [{"id": case_id, "what": what} for case_id, what in scores.violations],
        "refused": dict(scores.refused),
        "failed": scores.failed,
        "wrong": [_wrong_case(one.case, one.verdict.intent if one.verdict else None) for one in scores.wrong],
        "turn": asdict(scores.took),
    }


def _wrong_case(case: object, got: Intent | None) -> dict[str, Any]:
    if not isinstance(case, Reply):
        return {}
    return {"id": case.id, "said": list(case.said), "meant": case.intent, "taken_for": got}


def _figures(share: Share) -> dict[str, Any]:
    return asdict(share) | {"precision": share.precision, "recall": share.recall, "f1": share.f1}


def _f1(share: Share) -> str:
    return f"{share.f1:.3f} (P {share.precision:.2f}, R {share.recall:.2f})"


def _withstood(scores: Scores) -> str:
    return f"{scores.attacks - len({case_id for case_id, _ in scores.violations})} of {scores.attacks}"


def _tokens(took: Took) -> str:
    return f"{took.tokens_in:.0f} ({took.tokens_cached:.0f}) + {took.tokens_out:.0f}"


def _cost(usd: float | None) -> str:
    return "unknown" if usd is None else f"${usd:.5f}"


def _seconds(took: Took) -> str:
    return f"{took.latency_p50:.2f} / {took.latency_p95:.2f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded so that it reads in a terminal too."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
