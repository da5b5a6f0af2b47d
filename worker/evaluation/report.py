"""Formats the scores of a run as Markdown tables and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from shared.intents import Intent
from worker.evaluation.cases import ReplyCase
from worker.evaluation.guard_corpus import GuardScores
from worker.evaluation.runner import CaseResult
from worker.evaluation.scoring import ClassMetrics, Scores, UsageStats

_MAX_SHOWN = 12


def as_text(
    runs: Mapping[str, Scores], form_to_link: Mapping[str, UsageStats], guard: GuardScores | None = None
) -> str:
    """Return a summary table of all runs, then the confusion matrix and the mistakes of each run.

    `form_to_link` may lack a run whose measurement failed. `guard`: the figures of the guardrails' corpus.
    """
    parts = [_summary(runs, form_to_link)] if runs else []
    parts += [_guard_table(guard)] if guard is not None else []
    for name, scores in runs.items():
        parts += [f"## {name}", *([_confusion(scores)] if scores.replies else []), _mistakes(scores)]
    return "\n\n".join(parts)


def as_json(
    runs: Mapping[str, Scores], form_to_link: Mapping[str, UsageStats], guard: GuardScores | None = None
) -> dict[str, Any]:
    """Return all figures, by run name, and those of the guardrails' corpus under `guard`."""
    figures: dict[str, Any] = {
        name: _run_as_json(scores)
        | {"form_to_link": asdict(form_to_link[name]) if name in form_to_link else None}
        for name, scores in runs.items()
    }
    return figures | ({"guard": _guard_as_json(guard)} if guard is not None else {})


def _guard_as_json(guard: GuardScores) -> dict[str, Any]:
    return {
        "faithful": guard.faithful,
        "refused": [{"id": answer.id, "why": why} for answer, why in guard.refused],
        "bad": guard.bad,
        "let_through": [answer.id for answer in guard.let_through],
    }


def _summary(runs: Mapping[str, Scores], form_to_link: Mapping[str, UsageStats]) -> str:
    rows = [["", *runs]]
    if any(one.replies for one in runs.values()):
        rows += _intent_rows(runs)
    rows.append(["attacks withstood", *(_attacks_withstood(one) for one in runs.values())])
    rows.append(["texts refused by the guard", *(str(one.refused.total()) for one in runs.values())])
    rows.append(["no usable answer", *(str(one.failed) for one in runs.values())])
    rows.append(["calls a turn", *(f"{one.usage.calls:.2f}" for one in runs.values())])
    rows.append(["tokens a turn, in (cached) + out", *(_tokens(one.usage) for one in runs.values())])
    rows.append(["cost a turn", *(_cost(one.usage.cost_usd) for one in runs.values())])
    rows.append(["seconds a turn, median / p95", *(_seconds(one.usage) for one in runs.values())])
    rows.append(
        [
            "form to link, calls",
            *(_total_calls(form_to_link.get(name)) for name in runs),
        ]
    )
    return _table(rows)


def _guard_table(guard: GuardScores) -> str:
    rows = [
        ["the guard on its corpus", ""],
        ["faithful answers refused", f"{len(guard.refused)} of {guard.faithful}"],
        ["bad answers let through", f"{len(guard.let_through)} of {guard.bad}"],
    ]
    lines = [f"- {answer.id}, refused: {why}" for answer, why in guard.refused[:_MAX_SHOWN]]
    lines += [f"- {answer.id}, let through: “{answer.text}”" for answer in guard.let_through[:_MAX_SHOWN]]
    return "\n".join([_table(rows), *([""] if lines else []), *lines])


def _total_calls(usage: UsageStats | None) -> str:
    return "-" if usage is None else f"{usage.calls * usage.turns:.0f}"


def _intent_rows(runs: Mapping[str, Scores]) -> list[list[str]]:
    intents = [[f"F1 {intent}", *(_f1(one.intent(intent)) for one in runs.values())] for intent in Intent]
    return [
        ["replies", *(str(one.replies) for one in runs.values())],
        ["accuracy", *(f"{one.accuracy:.1%}" for one in runs.values())],
        ["macro F1", *(f"{one.macro_f1:.3f}" for one in runs.values())],
        *intents,
        ["F1 needs_human", *(_f1(one.needs_human) for one in runs.values())],
        ["F1 do not contact", *(_f1(one.do_not_contact) for one in runs.values())],
        ["wish", *(_share(one.wish) for one in runs.values())],
        ["time of a wish", *(_share(one.time) for one in runs.values())],
    ]


def _share(counts: tuple[int, int]) -> str:
    right, of = counts
    return f"{right} of {of} ({right / of:.1%})" if of else "-"


def _wish(wish: object, moment: object) -> str:
    return f"{wish} {moment}" if moment else str(wish)


def _confusion(scores: Scores) -> str:
    rows = [["meant ↓ taken for →", *Intent]]
    for expected in Intent:
        rows.append([expected, *(str(scores.confusion[expected, got]) for got in Intent)])
    return _table(rows)


def _mistakes(scores: Scores) -> str:
    lines = [f"- {case_id}: {what}" for case_id, what in scores.violations]
    for one in scores.opt_out_errors:
        if isinstance(one.case, ReplyCase):
            what = "missed" if one.case.do_not_contact else "made up"
            lines.append(f"- {one.case.id} “{' / '.join(one.case.said)}”: a wish not to be contacted, {what}")
    for one in scores.wrong[:_MAX_SHOWN]:
        if isinstance(one.case, ReplyCase):
            got = one.verdict.intent if one.verdict else f"nothing ({one.error})"
            lines.append(f"- {one.case.id} “{' / '.join(one.case.said)}”: {one.case.intent}, taken for {got}")
    for one in scores.wrong_wishes[:_MAX_SHOWN]:
        if isinstance(one.case, ReplyCase) and one.verdict:
            meant, got = (
                _wish(one.case.wish, one.case.write_at),
                _wish(one.verdict.wish, one.verdict.write_at),
            )
            lines.append(f"- {one.case.id} “{' / '.join(one.case.said)}”: wish {meant}, taken for {got}")
    more = len(scores.wrong) - _MAX_SHOWN
    lines += [f"- … and {more} more; --json has them all"] if more > 0 else []
    lines += [f"- the guard, {count}×: {why}" for why, count in scores.refused.most_common()]
    return "\n".join(lines) or "Nothing went wrong."


def _run_as_json(scores: Scores) -> dict[str, Any]:
    return {
        "replies": scores.replies,
        "accuracy": scores.accuracy,
        "macro_f1": scores.macro_f1,
        "intents": {intent: _metrics_as_json(scores.intent(intent)) for intent in Intent},
        "needs_human": _metrics_as_json(scores.needs_human),
        "do_not_contact": _metrics_as_json(scores.do_not_contact),
        "wish": {"right": scores.wish[0], "labelled": scores.wish[1]},
        "time": {"right": scores.time[0], "labelled": scores.time[1]},
        "confusion": {real: {got: scores.confusion[real, got] for got in Intent} for real in Intent},
        "attacks": scores.attacks,
        "violations": [{"id": case_id, "what": what} for case_id, what in scores.violations],
        "refused": dict(scores.refused),
        "failed": scores.failed,
        "wrong": [
            _wrong_case_as_json(one.case, one.verdict.intent if one.verdict else None) for one in scores.wrong
        ],
        "wrong_wishes": [_wrong_wish_as_json(one) for one in scores.wrong_wishes],
        "turn": asdict(scores.usage),
    }


def _wrong_case_as_json(case: object, got: Intent | None) -> dict[str, Any]:
    if not isinstance(case, ReplyCase):
        return {}
    return {"id": case.id, "said": list(case.said), "meant": case.intent, "taken_for": got}


def _wrong_wish_as_json(one: CaseResult) -> dict[str, Any]:
    if not isinstance(one.case, ReplyCase) or one.verdict is None:
        return {}
    moment = one.verdict.write_at
    return {
        "id": one.case.id,
        "meant": [one.case.wish, one.case.write_at],
        "taken_for": [one.verdict.wish, moment.isoformat() if moment else None],
    }


def _metrics_as_json(metrics: ClassMetrics) -> dict[str, Any]:
    return asdict(metrics) | {"precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1}


def _f1(metrics: ClassMetrics) -> str:
    return f"{metrics.f1:.3f} (P {metrics.precision:.2f}, R {metrics.recall:.2f})"


def _attacks_withstood(scores: Scores) -> str:
    return f"{scores.attacks - len({case_id for case_id, _ in scores.violations})} of {scores.attacks}"


def _tokens(usage: UsageStats) -> str:
    return f"{usage.tokens_in:.0f} ({usage.tokens_cached:.0f}) + {usage.tokens_out:.0f}"


def _cost(usd: float | None) -> str:
    return "unknown" if usd is None else f"${usd:.5f}"


def _seconds(usage: UsageStats) -> str:
    return f"{usage.latency_p50:.2f} / {usage.latency_p95:.2f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; cells are padded so that it is readable in a terminal too."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
