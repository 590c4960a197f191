#!/usr/bin/env python3
"""What the table sets behind a compute model are like: histograms as markdown, for its card.

  histograms.py TIMINGS.csv[.xz]...

Reads files of `shardwright profile compute` (docs/timings.md). A set counts once, whatever its batches and runs; a batch
once, whatever its runs and busy ranks. A cell lists the bins that are not empty, as `from: share in %`; a bin ends where
the next power of its base begins. MiB are those of the weights, without optimizer state. The schema states neither
pooling modes nor parts of a table's rows, as `profile` draws neither: ids are summed without weights, and no table is
cut by rows.
"""
import collections
import csv
import lzma
import math
import sys
import typing

MIB = 2**20
LEAST_MIB = 0.5  # smaller sets share a bin
LARGE_MIB = 4 * 32  # four times a last cache of 32 MiB
LONG_PASS_MS = 500
ELEMENT_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2}


class Table(typing.NamedTuple):
    rows: float
    dim: float
    pooling: float
    skew: float
    features: float = 1
    table_dim: float = 0  # 0: the rank has all columns


class Timing(typing.NamedTuple):
    name: tuple  # of the set: seed and number
    variant: str
    batch: float
    optimizer: str
    dtype: str
    busy_ranks: str
    ms: float
    tables: list


def tables_of(cell):
    return [Table(*map(float, table.split("/"))) for table in cell.split()]


def timing_of(row):
    ms = float(row["forward_ms"]) + float(row["backward_ms"])
    return Timing((row["seed"], row["set"]), row["variant"], float(row["batch"]), row["optimizer"],
                  row.get("dtype", "fp32"), row["busy_ranks"], ms, tables_of(row["tables"]))


def read(file):
    with (lzma.open if file.endswith(".xz") else open)(file, "rt") as lines:
        return [timing_of(row) for row in csv.DictReader(line for line in lines if not line.startswith("#"))]


def set_of(timing):
    return timing.name, timing.optimizer, timing.dtype, tuple((t.rows, t.dim, t.table_dim) for t in timing.tables)


def batch_of(timing):
    return set_of(timing), timing.variant, timing.batch, tuple(t.pooling for t in timing.tables)


def one_each(timings, name):
    return list({name(timing): timing for timing in timings}.values())


def mib_of(timing):
    return sum(table.rows * table.dim for table in timing.tables) * ELEMENT_BYTES[timing.dtype] / MIB


def lookups_of(timing):
    return timing.batch * sum(table.pooling for table in timing.tables)


def kind_of(table):
    return "column cut" if table.table_dim > table.dim else "whole"


def percent(part, whole):
    share = 100 * part / whole
    return f"{share:.0f}" if share >= 9.5 or part == 0 else f"{share:.1f}" if share >= 0.05 else "<0.1"


def short(number):
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit and number % unit == 0:
            return f"{number / unit:g}{name}"
    return f"{number:g}"


def start_of_bin(value, step, origin):
    return 0 if value == 0 else origin * step ** math.floor(math.log(value / origin, step) + 1e-9)


def histogram(values, step, origin=1):
    """Powers of `step` times `origin`."""
    counts = collections.Counter(start_of_bin(value, step, origin) for value in values)
    return " · ".join(f"{short(start)}: {percent(count, len(values))}" for start, count in sorted(counts.items()))


def share_of_least(values):
    least = min(values)
    return f"(just {least:g}: {percent(values.count(least), len(values))})"


def shares(names):
    counts = collections.Counter(names).most_common()
    return " · ".join(f"{name}: {percent(count, len(names))}" for name, count in counts)


def lines_of(timings):
    sets = one_each(timings, set_of)
    batches = one_each(timings, batch_of)
    tables = [table for one in sets for table in one.tables]
    rows = [table.rows for table in tables]
    sizes = [one.batch for one in batches]
    poolings = [table.pooling for one in batches for table in one.tables]
    mib = [mib_of(one) for one in sets]
    binned_mib = [size if size >= LEAST_MIB else 0 for size in mib]
    large = [size for size in mib if size > LARGE_MIB]
    passes = [one.ms for one in timings]
    long = [ms for ms in passes if ms > LONG_PASS_MS]
    yield f"{len(sets):,} table sets, {len(batches):,} batches, {len(timings):,} timings:\n"
    yield "| what | share of | from: % |"
    yield "|---|---|---|"
    yield f"| rows | tables | {histogram(rows, 10)} {share_of_least(rows)} |"
    yield f"| dim | tables | {histogram([table.dim for table in tables], 2)} |"
    yield f"| pooling | tables of batches | {histogram(poolings, 10)} |"
    yield f"| batch size | batches | {histogram(sizes, 4, 256)} {share_of_least(sizes)} |"
    yield f"| tables | sets | {histogram([len(one.tables) for one in sets], 2)} |"
    yield f"| look-ups | batches | {histogram([lookups_of(one) for one in batches], 10)} |"
    yield f"| MiB of weights | sets | {histogram(binned_mib, 4, LEAST_MIB)} |"
    yield f"| over {LARGE_MIB} MiB | sets | {percent(len(large), len(sets))} |"
    yield f"| optimizer | sets | {shares([one.optimizer for one in sets])} |"
    yield f"| weights' format | sets | {shares([one.dtype for one in sets])} |"
    yield "| pooling mode | tables | sum: 100 · mean, none, weighted: 0 |"
    yield f"| shard | tables | {shares([kind_of(table) for table in tables])} · row cut: 0 |"
    yield f"| busy ranks | timings | {shares([one.busy_ranks for one in timings])} |"
    yield f"| passes over 0.5 s | timings | {percent(len(long), len(passes))} (longest {max(passes):.0f} ms) |"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    print("\n".join(lines_of([timing for file in sys.argv[1:] for timing in read(file)])))


main()
