"""From measurements to tables."""

import statistics

from functions import FUNCTIONS
from peers import ONE_BY_ONE, PEERS

# Servers that have nothing to do take a few hundredths.
MOST_BUSY = 0.1
# Of jobs published at random moments, and evenly.
LATENCIES = {"p50_ms": "p50 ms", "p99_ms": "p99 ms", "even_p50_ms": "even p50", "even_p99_ms": "even p99"}


def text(results: dict) -> str:
    """All of it as Markdown."""
    parts = [head(results)]
    for name, function in FUNCTIONS.items():
        rows = [row for row in results["rows"] if row["function"] == name]
        if rows:
            parts.append(f"## {function.title}\n\n{table(rows, function.unit)}")
    errors = [f"- {run['peer']}, {run['function']}: {run['error']}" for run in results["runs"] if "error" in run]
    if errors:
        parts.append("## What failed\n\n" + "\n".join(errors))
    return "\n\n".join(parts)


def head(results: dict) -> str:
    lines = [*results["facts"], f"{results['slots']} slots, rounds: {results['rounds']}"]
    busiest = max((run["busy_before"] for run in results["runs"] if "error" not in run), default=0)
    if busiest > MOST_BUSY:
        lines.append(f"**The machine was up to {busiest:.0%} busy before a measurement: these figures mean little.**")
    return "\n\n".join(lines)


def table(rows: list[dict], unit: str) -> str:
    own = next(iter(PEERS.values())).title.partition(":")[0]
    header = ["", f"{unit} a second", "least – most", "CPU ms each", f"{own} does", f"{own} takes", "publishing"]
    latencies = LATENCIES if any(row["p50_ms"] is not None for row in rows) else {}
    header += latencies.values()
    lines = [line(header), line(["---", *["---:"] * (len(header) - 1)])]
    for row in rows:
        title = row["title"]
        if row["per_second"] is None:
            lines.append(line([title, "failed", *[""] * (len(header) - 2)]))
            continue
        cells = [
            figure(row["per_second"]),
            " – ".join(figure(bound) for bound in row["per_second_bounds"]),
            figure(row["cpu_ms_each"]),
            times(row["throughput_ratio"], "× as many"),
            times(row["cpu_ratio"], "× the CPU"),
            "" if row["publishing_share"] is None else f"{row['publishing_share']:.0%} of the time",
        ]
        cells += ["" if row[name] is None else figure(row[name]) for name in latencies]
        lines.append(line([title, *cells]))
    return "\n".join(lines)


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def times(ratio: float | None, what: str) -> str:
    return "" if ratio is None else f"{figure(ratio)} {what}"


def figure(number: float) -> str:
    """Three figures: more would not be the same in another run."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}" if number >= 0.001 else f"{number:.1e}"


def rows(runs: list[dict]) -> list[dict]:
    """The medians over the rounds. A ratio is the median of those within each round, whose halves are close in time."""
    own = next(iter(PEERS))
    good = {(run["function"], run["peer"], run["round"]): run for run in runs if "error" not in run}
    made = []
    for function in FUNCTIONS:
        shown = [(name, function, peer.title) for name, peer in PEERS.items()]
        shown += [ONE_BY_ONE[function]] if function in ONE_BY_ONE else []
        for peer, measured, title in shown:
            tried = [run for run in runs if (run["function"], run["peer"]) == (measured, peer)]
            if not tried:
                continue
            kept = [run for run in tried if "error" not in run]
            pairs = [(good.get((function, own, run["round"])), run) for run in kept if peer != own]
            pairs = [(ours, theirs) for ours, theirs in pairs if ours]
            row = {"function": function, "peer": peer, "title": title} | summary(kept, pairs)
            made.append(row if measured == function else row | dict.fromkeys(LATENCIES))
    return [row for row in made if any(row["function"] == run["function"] for run in runs)]


def summary(kept: list[dict], pairs: list[tuple[dict, dict]]) -> dict:
    def median(values) -> float | None:
        values = list(values)
        return statistics.median(values) if values else None

    speeds = [run["per_second"] for run in kept]
    return {
        "per_second": median(speeds),
        "per_second_bounds": [min(speeds), max(speeds)] if speeds else None,
        "cpu_ms_each": median(run["cpu_ms_each"] for run in kept),
        "throughput_ratio": median(ours["per_second"] / theirs["per_second"] for ours, theirs in pairs),
        "cpu_ratio": median(ours["cpu_ms_each"] / theirs["cpu_ms_each"] for ours, theirs in pairs),
        "publishing_share": median(
            run["published_s"] / run["seconds"] for run in kept if run["published_s"] is not None
        ),
    } | {name: median(run[name] for run in kept if run.get(name) is not None) for name in LATENCIES}
