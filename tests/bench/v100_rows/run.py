#!/usr/bin/env python3
"""Kernels of others: embedding lookups that others timed on V100s (published, unverified), beside the analytic cost model,
of which nothing is fitted to that GPU.

  python3 tests/bench/v100_rows/run.py SHARDWRIGHT KERNELS.csv [TRACE_KERNELS.csv EMBEDDING_OPS.csv]

KERNELS.csv has the columns gpu, op, precision, B, E, T, D, L, weighted, time_us: rows of a V100 of which all of B (samples),
E (rows), T (tables), D (dim), L (ids per sample) and the time are known count. TRACE_KERNELS.csv has the kernels of a step
(rank, dur_us, kernel), EMBEDDING_OPS.csv the shapes of the lookups of each rank. Each shape is priced on one rank twice: with
the ids that `plan` assumes (Zipf 1.05), and with ids drawn evenly. Prints a table and the errors of each kind.
"""
import collections
import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

TOPOLOGY = "1xV100-32GB"
# All tables of a lookup are alike; `ids` are those of one sample and table.
Shape = collections.namedtuple("Shape", "batch rows tables dim ids dtype weighted optimizer")
Kernel = collections.namedtuple("Kernel", "source kind shape microseconds")
KIND_OF_TRACED = {"split_embedding_codegen_forward_": "forward", "split_embedding_backward_codegen_adagrad_": "backward"}
TRACED_LOOKUP = "fbgemm::split_embedding_codegen_lookup_adagrad_function"


def read_csv(file):
    with open(file, newline="") as lines:
        return list(csv.DictReader(lines))


def kind_of(operator):
    """Forward or backward; None of a row that is both or neither."""
    kinds = [kind for kind in ("forward", "backward") if kind in operator.lower()]
    return kinds[0] if len(kinds) == 1 else None


def read_kernels(file):
    kernels = []
    for row in read_csv(file):
        kind = kind_of(row["op"])
        if not row["gpu"].startswith("V100") or kind is None or not all(row[key] for key in ("B", "E", "T", "D", "L", "time_us")):
            continue
        optimizer = "adagrad" if "adagrad" in row["op"] else "sgd"
        shape = Shape(int(row["B"]), int(row["E"]), int(row["T"]), int(row["D"]), float(row["L"]), row["precision"] or "fp32",
                      row["weighted"] == "True", optimizer)
        kernels.append(Kernel("kernels", kind, shape, float(row["time_us"])))
    return kernels


def traced_shape(row):
    """Of a lookup among the traced operators. How rows and ids divide among its tables is not known: evenly."""
    shapes = json.loads(row["input_shapes"])
    total_dim, dim = json.loads(row["inputs_scalars"])[:2]
    (values,), (tables,), (ids,), (offsets,) = shapes[1], shapes[5], shapes[11], shapes[12]
    if total_dim != tables * dim:
        sys.exit(f"rank {row['rank']}: its tables differ in dim")
    return Shape((offsets - 1) // tables, values // dim // tables, tables, dim, ids / (offsets - 1), "fp32", False, "adagrad")


def read_trace(kernels_file, operators_file):
    """Forward and backward of each rank; backward is the kernels named so, without the sorting of ids before them."""
    shapes = {row["rank"]: traced_shape(row) for row in read_csv(operators_file) if row["op"] == TRACED_LOOKUP}
    times = collections.defaultdict(float)
    for row in read_csv(kernels_file):
        for name, kind in KIND_OF_TRACED.items():
            if name in row["kernel"]:
                times[row["rank"], kind] += float(row["dur_us"])
    return [Kernel("trace", kind, shapes[rank], time) for (rank, kind), time in times.items()]


def reuse_of_even_ids(rows, lookups):
    """Shares of the rows looked up, by how often: once, twice, 3-4, 5-8 … times; counts are Poisson's."""
    mean = lookups / rows
    shares = 17 * [0.0]
    for count in range(1, int(mean + 12 * math.sqrt(mean)) + 12):
        shares[min((count - 1).bit_length(), 16)] += math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    return [share / sum(shares) for share in shares]


def tables_of(shape, even):
    table = {"rows": shape.rows, "dim": shape.dim, "pooling": shape.ids, "dtype": shape.dtype, "weighted": shape.weighted,
             "optimizer": shape.optimizer}
    if even:
        table["reuse"] = reuse_of_even_ids(shape.rows, shape.batch * shape.ids)
    tables = [{"name": str(i), **table} for i in range(shape.tables)]
    return {"schema": "shardwright.tables/1", "batch_size": shape.batch, "tables": tables}


def price(shardwright, shape, even):
    """Microseconds by kind."""
    with tempfile.TemporaryDirectory() as folder:
        spec = pathlib.Path(folder, "tables.json")
        spec.write_text(json.dumps(tables_of(shape, even)))
        done = subprocess.run([shardwright, "plan", spec, "--topology", TOPOLOGY, "--cost-model", "analytic", "--memory-model",
                               "weights", "--algorithm", "round_robin", "--json", "-o", pathlib.Path(folder, "plan.json")],
                              capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{shape}\n{done.stderr}")
    rank = json.loads(done.stdout)["per_rank"][0]
    return {kind: 1e3 * rank[f"compute_{kind}_ms"] for kind in ("forward", "backward")}


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values))


def means_of_repeats(kernels):
    times = collections.defaultdict(list)
    for kernel in kernels:
        times[kernel.source, kernel.kind, kernel.shape].append(kernel.microseconds)
    return [Kernel(*key, geometric_mean(own)) for key, own in times.items()]


def errors(ratios):
    """Of predicted to measured: exp(mean |ln|) - 1, the geometric mean of |relative error|, the mean of the signed error."""
    logs = math.expm1(sum(abs(math.log(ratio)) for ratio in ratios) / len(ratios))
    relative = geometric_mean([max(abs(ratio - 1), 1e-4) for ratio in ratios])
    return logs, relative, sum(ratios) / len(ratios) - 1


def describe(kernel):
    shape = kernel.shape
    return (f"{kernel.source}, {kernel.kind} | {shape.batch} | {shape.tables} x {shape.rows} | {shape.dim} | {shape.ids:.4g} "
            f"| {kernel.microseconds:.1f}")


def main():
    if len(sys.argv) not in (3, 5):
        sys.exit(__doc__)
    shardwright, *files = sys.argv[1:]
    kernels = read_kernels(files[0]) + (read_trace(*files[1:]) if len(files) > 1 else [])
    kernels = means_of_repeats(kernels)
    shapes = {kernel.shape for kernel in kernels}
    prices = {(shape, even): price(shardwright, shape, even) for shape in shapes for even in (False, True)}
    print("| what | samples | tables | dim | ids | measured us | Zipf ids: predicted us | ratio | even ids: predicted us | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    ratios = collections.defaultdict(list)
    for kernel in kernels:
        cells = ""
        for ids, even in (("Zipf", False), ("even", True)):
            predicted = prices[kernel.shape, even][kernel.kind]
            ratios[kernel.source, kernel.kind, ids].append(predicted / kernel.microseconds)
            cells += f" | {predicted:.1f} | {predicted / kernel.microseconds:.2f}"
        print(f"| {describe(kernel)}{cells} |")
    for (source, kind, ids), own in ratios.items():
        logs, relative, signed = errors(own)
        print(f"{source}, {kind}, {ids} ids: shapes={len(own)} geometric_mean_error={100 * logs:.1f}% "
              f"geometric_mean_relative_error={100 * relative:.1f}% signed_mean_error={100 * signed:+.1f}%")


if __name__ == "__main__":
    main()
