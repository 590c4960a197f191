#!/usr/bin/env python3
"""Plans every task with TorchRec's planner under each of its settings.

Writes OUT/torchrec.csv, one line per task, memory and setting; OUT/plans/ holds the best plan of
each task and memory. Needs torch 2.11, torchrec 1.6.1 and fbgemm-gpu-cpu 1.6.0; no GPU.
"""

import argparse
import csv
import json
import logging
import multiprocessing
import pathlib
import time
import warnings

import tasks

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import torch  # noqa: E402
from torchrec.distributed.embeddingbag import EmbeddingBagCollectionSharder  # noqa: E402
from torchrec.distributed.planner import EmbeddingShardingPlanner, Topology  # noqa: E402
from torchrec.distributed.planner.partitioners import (  # noqa: E402
    GreedyPerfPartitioner,
    MemoryBalancedPartitioner,
    SortBy,
)
from torchrec.distributed.planner.proposers import DynamicProgrammingProposer  # noqa: E402
from torchrec.distributed.planner.storage_reservations import (  # noqa: E402
    FixedPercentageStorageReservation,
)
from torchrec.distributed.planner.types import ParameterConstraints, PlannerError  # noqa: E402
from torchrec.modules.embedding_configs import EmbeddingBagConfig  # noqa: E402
from torchrec.modules.embedding_modules import EmbeddingBagCollection  # noqa: E402

DEVICE_KERNELS = ["fused", "dense"]


def by_perf():
    return {"partitioner": GreedyPerfPartitioner(sort_by=SortBy.PERF)}


# Setting: (arguments of the planner, min_partition, allowed types). min_partition 128 is default's.
SETTINGS = {
    "default": (dict, None, None),
    "perf_sort": (by_perf, None, None),
    "memory_balanced": (lambda: {"partitioner": MemoryBalancedPartitioner()}, None, None),
    "dynamic_programming": (lambda: {"proposer": [DynamicProgrammingProposer()]}, None, None),
    "min_partition_32": (dict, 32, None),
    "min_partition_64": (dict, 64, None),
    "perf_sort_min_partition_32": (by_perf, 32, None),
    "perf_sort_min_partition_64": (by_perf, 64, None),
    "whole_or_columns": (dict, None, ["table_wise", "column_wise"]),
}


def collection(tables):
    return EmbeddingBagCollection(
        device=torch.device("meta"),
        tables=[
            EmbeddingBagConfig(
                name=t.name, num_embeddings=t.rows, embedding_dim=t.dim, feature_names=[t.name]
            )
            for t in tables
        ],
    )


def planner_of(setting, tables, memory_bytes):
    arguments, min_partition, types = SETTINGS[setting]
    constraints = {
        t.name: ParameterConstraints(
            sharding_types=types,
            compute_kernels=DEVICE_KERNELS,
            min_partition=min_partition,
            pooling_factors=[float(t.pooling)],
        )
        for t in tables
    }
    topology = Topology(
        world_size=tasks.RANKS,
        local_world_size=tasks.RANKS,
        compute_device="cuda",
        hbm_cap=memory_bytes,
    )
    return EmbeddingShardingPlanner(
        topology=topology,
        batch_size=tasks.BATCH_PER_RANK,
        constraints=constraints,
        storage_reservation=FixedPercentageStorageReservation(percentage=0.0),
        stats=[],
        debug=False,
        **arguments(),
    )


def cost_of(options):
    """The largest time of a rank, and the largest memory, as TorchRec's perf model rates."""
    perf = [0.0] * tasks.RANKS
    memory = [0] * tasks.RANKS
    for option in options:
        for shard in option.shards:
            perf[shard.rank] += shard.perf.total
            memory[shard.rank] += shard.storage.hbm
    return max(perf), max(memory)


def shards_of(options):
    return [
        {
            "table": option.name,
            "type": option.sharding_type,
            "offset": list(shard.offset),
            "size": list(shard.size),
            "rank": shard.rank,
        }
        for option in options
        for shard in option.shards
    ]


def plan_once(setting, tables, memory_bytes):
    planner = planner_of(setting, tables, memory_bytes)
    start = time.perf_counter()
    try:
        planner.plan(collection(tables), [EmbeddingBagCollectionSharder()])
    except PlannerError:
        return None, None, [], time.perf_counter() - start
    seconds = time.perf_counter() - start
    cost, memory = cost_of(planner._best_plan)
    return cost, memory, shards_of(planner._best_plan), seconds


def plan_task(job):
    task, memory, out, settings = job
    tables = tasks.draw_task(task)
    memory_bytes = tasks.memory_of_rank(tables, memory)
    lines, best = [], None
    for setting in settings:
        cost, used, shards, seconds = plan_once(setting, tables, memory_bytes)
        solved = cost is not None
        lines.append(
            [task, memory, memory_bytes, setting, repr(cost) if solved else "", used if solved else "",
             f"{seconds:.3f}"]
        )
        if solved and (best is None or cost < best["cost"]):
            best = {"cost": cost, "memory": used, "setting": setting, "shards": shards}
    if best:
        (out / "plans" / f"{task}_{memory}.json").write_text(json.dumps(best))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--tasks", type=int, default=tasks.NUM_TASKS)
    parser.add_argument("--every", type=int, default=1, help="only every Nth task")
    parser.add_argument("--settings", default=",".join(SETTINGS), help="only these, with commas between")
    parser.add_argument("--memories", default=",".join(tasks.MEMORIES), help="only these, likewise")
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    settings = arguments.settings.split(",")
    if unknown := set(settings) - set(SETTINGS):
        parser.error(f"--settings: there is no {', '.join(sorted(unknown))}")
    memories = arguments.memories.split(",")
    if unknown := set(memories) - set(tasks.MEMORIES):
        parser.error(f"--memories: there is no {', '.join(sorted(unknown))}")
    (arguments.out / "plans").mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    numbers = range(0, arguments.tasks, arguments.every)
    jobs = [(t, m, arguments.out, settings) for t in numbers for m in memories]
    header = ["task", "memory", "memory_bytes", "setting", "cost_ms", "largest_memory", "seconds"]
    with (arguments.out / "torchrec.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        with multiprocessing.Pool(arguments.processes) as pool:
            for lines in pool.imap(plan_task, jobs):
                writer.writerows(lines)
                file.flush()
                print(f"task {lines[0][0]} memory {lines[0][1]}", flush=True)


if __name__ == "__main__":
    main()
