"""`python -m benchmarks [PART …]`: measures, prints a table, and optionally writes the run as JSON."""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.harness.bench import Bench, BenchError, DatabaseKind
from benchmarks.parts.registry import PARTS, load
from benchmarks.reporting import report, results
from benchmarks.reporting.figures import Figure
from sandbox.demo.product_processes import ProcessError

DATABASES: Sequence[DatabaseKind] = ("postgresql", "sqlite")


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every part was measured (targets may be missed), else 1; 130 after Ctrl-C or SIGTERM."""
    options = _parser().parse_args(arguments)
    try:
        if options.json and not options.json.absolute().parent.is_dir():
            raise BenchError(f"--json: folder does not exist: {options.json.absolute().parent}")
        earlier = results.read(options.compare) if options.compare else None
        facts = results.machine()
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            run, failed = asyncio.run(_measure(_bench(options, Path(folder)), options.part))
    except (BenchError, ProcessError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.stderr.write("stopped\n")
        return 130
    if options.json:
        chosen = {name: getattr(options, name) for name in ("rounds", "seconds", "soak", "smoke")}
        options.json.write_text(results.as_json(run, facts, chosen), encoding="utf-8")
    print(report.table(run, earlier))
    for name in failed:
        print(f"- NOT MEASURED: {name}, see above")
    return 1 if failed else 0


async def _measure(bench: Bench, names: Sequence[str]) -> tuple[dict[str, Sequence[Figure]], list[str]]:
    """Return the figures of each part, and the parts that failed; a failure does not stop the others."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    run: dict[str, Sequence[Figure]] = {}
    failed: list[str] = []
    for name in names or PARTS:
        bench.log(f"{name}: {PARTS[name]}")
        try:
            run[name] = await load(name)(bench)
        except (BenchError, ProcessError) as error:
            bench.log(f"{name}: {error}")
            failed.append(name)
    return run, failed


def _bench(options: argparse.Namespace, folder: Path) -> Bench:
    databases: Sequence[DatabaseKind] = (options.database,) if options.database else DATABASES
    if options.smoke:
        return Bench(folder, 1, 0.3, 2, databases, smoke=True, plans=options.plans)
    return Bench(
        folder,
        options.rounds,
        options.seconds,
        options.soak,
        databases,
        leads=options.leads,
        plans=options.plans,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures the product against baselines in the same run, on a PostgreSQL of its own.",
        epilog="parts:\n" + "\n".join(f"  {name:<14} {purpose}" for name, purpose in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("part", nargs="*", choices=[*PARTS, []], metavar="PART", help="only these parts (default: all)")
    add(
        "--rounds",
        type=int,
        default=3,
        metavar="N",
        help="how often each system is measured, in turn (%(default)s)",
    )
    add(
        "--seconds",
        type=float,
        default=5,
        metavar="N",
        help="length of one measurement in seconds (%(default)s)",
    )
    add(
        "--soak",
        type=float,
        default=60,
        metavar="N",
        help="seconds of load during which memory is measured (%(default)s)",
    )
    add(
        "--leads",
        type=int,
        nargs="+",
        default=[1_000_000],
        metavar="N",
        help="leads that `scale` and `console` compare with 10 thousand (1000000; 5000000 takes 17 GB)",
    )
    add(
        "--plans",
        type=Path,
        metavar="FILE",
        help="write PostgreSQL's plan of each query of `scale` to this file; of `console` to FILE-console",
    )
    add("--database", choices=DATABASES, help="only on this database, where a part uses both (default: both)")
    add("--json", type=Path, metavar="FILE", help="write the whole run to this file")
    add(
        "--compare",
        type=Path,
        metavar="FILE",
        help="show the changes since an earlier run, written with --json",
    )
    add("--smoke", action="store_true", help="only check that everything runs; the figures mean nothing")
    return parser


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
