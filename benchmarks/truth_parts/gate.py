"""Does the gate say yes where nothing acts, and does it find what acts? A small look.

Worlds of `benchmarks/outside_worlds.py`, two of each kind without a dependence and one with it at
full strength; the whole calibration is `benchmarks/gate_worlds.py`, its tables are in docs/gate.md.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks import gate_worlds
from benchmarks.piecewise import in_pieces, only_if_done

NULL_SCALE, STRONGEST = 0.1, 1.0


def table(file: Path | None = None, minutes: float = 60, processes: int = 2) -> str:
    """Return how many worlds got a false yes, and in how many the dependence was found."""
    jobs = gate_worlds.jobs(["null"], scale=NULL_SCALE)
    jobs += [
        job
        for job in gate_worlds.jobs(["power"])
        if job["strength"] == STRONGEST and not job["seed"]
    ]
    rows = in_pieces(gate_worlds.run, jobs, file, processes, minutes)
    null = [row for row in rows if "strength" not in row["job"]]
    power = [row for row in rows if "strength" in row["job"]]
    wrong = {row["job"]["kind"] for row in null if gate_worlds.false_yes(row)}
    missed = [f"{row['job']['kind'].replace('_', ' ')} ({row['nats']:.3f} nats)"
              for row in power if not gate_worlds.is_found(row)]  # fmt: skip
    said = "\n".join(
        [
            "| worlds | how many | right | wrong |",
            "|---|---:|---:|---|",
            f"| nothing acts, {len({row['job']['kind'] for row in null})} kinds | {len(null)} "
            f"| {sum(not gate_worlds.false_yes(row) for row in null)} no "
            f"| {', '.join(sorted(wrong)) or 'none'} |",
            f"| one thing acts at full strength, {len(power)} kinds | {len(power)} "
            f"| {len(power) - len(missed)} found | {', '.join(missed) or 'none'} |",
        ]
    )
    return only_if_done(said, rows, jobs)
