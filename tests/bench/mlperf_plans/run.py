#!/usr/bin/env python3
"""Whole steps of others: HugeCTR's plans of MLPerf's DLRM-DCNv2, priced by this project's phases, beside the milliseconds
per iteration that their logs print (derived from MLPerf results, unverified).

  python3 tests/bench/mlperf_plans/run.py SHARDWRIGHT [PLANS.jsonl]        # else the file that SHARDWRIGHT_MLPERF_PLANS names

A group is a system and batch. Each plan is imported and priced by the analytic model; a step is
  constant + a · dense operations / peak + b · computation of embeddings + c · exchanges
with the slowest rank of each phase, and the four constants, none negative, are fitted to the relative error of all groups
but one, which is then predicted. Prints a table and the geometric means. Exit 77 (skipped) without the data.
"""
import collections
import itertools
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

ROWS = [40000000, 39060, 17295, 7424, 20265, 3, 7122, 1543, 63, 40000000, 3067956, 405282, 10, 2209, 11938, 155, 4, 976, 14,
        40000000, 40000000, 40000000, 590152, 12973, 108, 36]
HOTS = [3, 2, 1, 2, 6, 1, 1, 1, 1, 7, 3, 8, 1, 6, 9, 5, 1, 1, 1, 12, 100, 27, 10, 3, 1, 1]
DIM = 128
# Layers of the dense part, inputs x outputs: bottom, three low-rank crosses of 27 x 128 values, top.
LAYERS = ([(13, 512), (512, 256), (256, 128)] + 3 * [(27 * DIM, 512), (512, 27 * DIM)] +
          [(27 * DIM, 1024), (1024, 1024), (1024, 512), (512, 256), (256, 1)])
WEIGHTS = sum(a * b for a, b in LAYERS)
OPERATIONS_PER_SAMPLE = 3 * 2 * WEIGHTS  # forward, and twice that backward
# Datasheets: device of the analytic model, share of its memory bandwidth, GB, GB/s between GPUs one way, dense fp16 TFLOP/s.
ACCELERATORS = {
    "NVIDIA H100-SXM5-80GB": ("H100", 1.0, 80, 450, 989),
    "NVIDIA H100-PCIe-80GB": ("H100", 2039 / 3350, 80, 64, 756),
    "NVIDIA A100-SXM-80GB CTS": ("A100", 1.0, 80, 300, 312),
    "NVIDIA L40S": ("L40S", 1.0, 48, 32, 362),
    "NVIDIA A40": ("L40S", 696 / 864, 48, 32, 149.7),
}
TERMS = ("constant", "dense", "embeddings", "exchanges")


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def write(folder, name, document):
    file = folder / name
    file.write_text(json.dumps(document))
    return file


def tables_of(batch):
    tables = [{"name": str(i), "rows": rows, "dim": DIM, "pooling": hots, "optimizer": "sgd"}
              for i, (rows, hots) in enumerate(zip(ROWS, HOTS))]
    return {"schema": "shardwright.tables/1", "batch_size": batch, "tables": tables}


def topology_of(accelerator, ranks):
    device, speed, memory, link, _ = ACCELERATORS[accelerator]
    rank = {"node": 0, "device": device, "memory_bytes": memory * 10**9, "speed": speed}
    links = {"intra": {"bandwidth_bytes_per_second": link * 10**9, "latency_seconds": 2e-6}}
    return {"schema": "shardwright.topology/1", "ranks": ranks * [rank], "links": links}


def hugectr_of(run_of_plan):
    strategy = [[kind, [str(table) for table in tables]] for kind, tables in run_of_plan["strategy"]]
    matrix = [[str(table) for table in tables] for tables in run_of_plan["final_shard_matrix"]]
    return {"shard_matrix": matrix, "shard_strategy": strategy}


def slowest(per_rank, *phases):
    return sum(max(rank[phase] for rank in per_rank) for phase in phases)


def terms_of(shardwright, folder, plan):
    """Milliseconds of each term, with the analytic model's constants."""
    ranks = len(plan["final_shard_matrix"])
    tables = write(folder, "tables.json", tables_of(plan["global_batch"]))
    topology = write(folder, "topology.json", topology_of(plan["accelerator"], ranks))
    source = write(folder, "hugectr.json", hugectr_of(plan))
    imported = folder / "plan.json"
    run(shardwright, "import", source, "--from", "hugectr", "--tables", tables, "--topology", topology, "-o", imported)
    per_rank = json.loads(run(shardwright, "rate", imported, "--json"))["per_rank"]
    _, _, _, link, teraflops = ACCELERATORS[plan["accelerator"]]
    operations = OPERATIONS_PER_SAMPLE * plan["global_batch"] / ranks
    reduced = 2 * (ranks - 1) / ranks * 4 * WEIGHTS / (link * 1e9)
    return [1.0, 1e3 * operations / (teraflops * 1e12),
            slowest(per_rank, "compute_forward_ms", "compute_backward_ms"),
            slowest(per_rank, "comm_input_ms", "comm_forward_ms", "comm_backward_ms") + 1e3 * reduced]


def predict(weights, terms):
    return sum(weight * term for weight, term in zip(weights, terms))


def solve(matrix, right):
    """x of matrix · x = right, by elimination with pivots."""
    rows = [row + [value] for row, value in zip(matrix, right)]
    for k in range(len(rows)):
        pivot = max(range(k, len(rows)), key=lambda i: abs(rows[i][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(len(rows)):
            if i != k:
                factor = rows[i][k] / rows[k][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k])]
    return [row[-1] / row[k] for k, row in enumerate(rows)]


def least_squares(scaled, used):
    """Weights, 0 but for those of the terms in `used`, for which scaled · weights is nearest to 1."""
    normal = [[sum(row[i] * row[j] for row in scaled) for j in used] for i in used]
    weights = [0.0] * len(TERMS)
    for k, weight in zip(used, solve(normal, [sum(row[i] for row in scaled) for i in used])):
        weights[k] = weight
    return weights


def fit(groups):
    """Weights, none negative, of the least squares of predicted / measured - 1: the best choice of terms."""
    scaled = [[term / measured for term in terms] for _, terms, measured in groups]
    choices = [used for count in range(1, len(TERMS) + 1) for used in itertools.combinations(range(len(TERMS)), count)]
    fits = [least_squares(scaled, used) for used in choices]
    return min((weights for weights in fits if min(weights) >= 0),
               key=lambda weights: sum((predict(weights, row) - 1) ** 2 for row in scaled))


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values))


def read_groups(shardwright, file):
    """(name, terms, measured ms) of each system and batch: medians over its runs, terms over its plans."""
    runs = collections.defaultdict(list)
    for line in file.read_text().splitlines():
        one = json.loads(line)
        if one["median_ms_per_iter"]:
            runs[one["system"], one["accelerator"], one["global_batch"]].append(one)
    groups = []
    with tempfile.TemporaryDirectory() as folder:
        for (system, accelerator, batch), own in sorted(runs.items()):
            priced = {}
            for one in own:
                key = json.dumps([one["final_shard_matrix"], one["strategy"]])
                if key not in priced:
                    priced[key] = terms_of(shardwright, pathlib.Path(folder), one)
            terms = [sum(column) / len(priced) for column in zip(*priced.values())]
            times = sorted(one["median_ms_per_iter"] for one in own)
            name = f"{system}, {len(own[0]['shard_matrix'])} x {accelerator.removeprefix('NVIDIA ')}, {batch}"
            groups.append((name, terms, times[len(times) // 2]))
    return groups


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    shardwright = sys.argv[1]
    file = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else os.environ.get("SHARDWRIGHT_MLPERF_PLANS", ""))
    if not file.is_file():
        print("There are no plans: name their file, or set SHARDWRIGHT_MLPERF_PLANS.")
        sys.exit(77)
    groups = read_groups(shardwright, file)
    print("| system and batch kept aside | measured ms | predicted ms | error |")
    print("|---|---|---|---|")
    ratios = []
    for i, (name, terms, measured) in enumerate(groups):
        predicted = predict(fit(groups[:i] + groups[i + 1:]), terms)
        ratios.append(predicted / measured)
        print(f"| {name} | {measured:.2f} | {predicted:.2f} | {100 * (predicted / measured - 1):+.1f} % |")
    relative = geometric_mean([max(abs(ratio - 1), 1e-4) for ratio in ratios])
    logs = math.expm1(sum(abs(math.log(ratio)) for ratio in ratios) / len(ratios))
    weights = fit(groups)
    inside = geometric_mean([max(abs(predict(weights, terms) / measured - 1), 1e-4) for _, terms, measured in groups])
    print(f"groups={len(groups)} geometric_mean_relative_error={100 * relative:.2f}% geometric_mean_error={100 * logs:.2f}% "
          f"of_a_fit_to_all={100 * inside:.2f}%")
    print("constants of all: " + ", ".join(f"{term} {weight:.3g}" for term, weight in zip(TERMS, weights)))


main()
