#!/usr/bin/env python3
"""Plans the tasks of OUT/torchrec.csv with shardwright and compares; TorchRec's model judges both.

Rates TorchRec's best plans, repeats its default with torchrec_greedy, and searches with equal
widths and, apart, with any. Writes OUT/ours.csv and prints a table. Needs no package.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import tempfile

import tasks

TYPES = "data_parallel,table_wise,column_wise,row_wise,table_row_wise,table_column_wise"
JUDGE = ["--cost-model", "torchrec", "--memory-model", "torchrec", "--objective", "max_sum"]
TOLERANCE = 1e-6


def rating(command):
    """The JSON document of a command of shardwright, also where it found no plan."""
    done = subprocess.run(command, capture_output=True, text=True)
    if not done.stdout:
        raise SystemExit(f"{' '.join(map(str, command))} failed: {done.stderr}")
    return json.loads(done.stdout)


def torchrec_plan(task, best):
    """TorchRec's plan as a plan file; it lists a data_parallel table once for each rank."""
    shards, replicated = [], set()
    for shard in best["shards"]:
        anywhere = shard["type"] == "data_parallel"
        if anywhere and shard["table"] in replicated:
            continue
        if anywhere:
            replicated.add(shard["table"])
        (row, column), (rows, columns) = shard["offset"], shard["size"]
        shards.append(
            {
                "table": shard["table"],
                "type": shard["type"],
                "row_begin": row,
                "row_end": row + rows,
                "col_begin": column,
                "col_end": column + columns,
                "rank": None if anywhere else shard["rank"],
            }
        )
    document = tasks.tables_document(task["tables"])
    return {
        "schema": "shardwright.plan/1",
        "batch_size": document["batch_size"],
        "tables": document["tables"],
        "topology": tasks.topology_document(task["memory_bytes"]),
        "shards": shards,
        "cost_model": "torchrec",
        "memory_model": "torchrec",
        "objective": "max_sum",
    }


class Shardwright:
    def __init__(self, binary, folder, work_limit):
        self.binary = binary
        self.folder = folder
        self.work = ["--work-limit", str(work_limit)] if work_limit else []

    def write(self, name, document):
        path = self.folder / name
        path.write_text(json.dumps(document))
        return path

    def plan(self, task, *options):
        tables = self.write("tables.json", tasks.tables_document(task["tables"]))
        topology = self.write("topology.json", tasks.topology_document(task["memory_bytes"]))
        command = [self.binary, "plan", tables, "--topology", topology, *JUDGE, "--json", *options]
        return rating(command)

    def search(self, task, widths):
        return self.plan(
            task, "--algorithm", "search", "--types", TYPES, "--column-widths", widths, *self.work
        )

    def rate(self, task, best):
        plan = self.write("plan.json", torchrec_plan(task, best))
        return rating([self.binary, "rate", plan, "--cost-model", "torchrec", "--json"])


def read_tasks(out):
    found = {}
    with (out / "torchrec.csv").open() as file:
        for line in csv.DictReader(file):
            key = (line["memory"], int(line["task"]))
            task = found.setdefault(
                key, {"memory": line["memory"], "task": int(line["task"]), "torchrec": {},
                      "memory_bytes": int(line["memory_bytes"])}
            )
            cost = float(line["cost_ms"]) if line["cost_ms"] else None
            task["torchrec"][line["setting"]] = cost
    return found.values()


def near(a, b):
    return (a is None) == (b is None) and (a is None or abs(a - b) <= TOLERANCE * b)


def compare(task, shardwright, out):
    task["tables"] = tasks.draw_task(task["task"])
    greedy = shardwright.plan(task, "--algorithm", "torchrec_greedy", "--types", TYPES)
    equal = shardwright.search(task, "equal")
    uneven = shardwright.search(task, "any")
    task["greedy"], task["equal"], task["any"] = (d["cost_ms"] for d in (greedy, equal, uneven))
    task["seconds"] = equal["search_seconds"]
    task["rating_differs"] = False
    file = out / "plans" / f"{task['task']}_{task['memory']}.json"
    if file.exists():
        best = json.loads(file.read_text())
        task["rating_differs"] = not near(shardwright.rate(task, best)["cost_ms"], best["cost"])
    settings = [c for s, c in task["torchrec"].items() if c is not None and s != "whole_or_columns"]
    task["best"] = min(settings, default=None)


def percent(ratios):
    return f"{100 * (statistics.median(ratios) - 1):7.1f} %" if ratios else "      - "


def print_table(compared):
    print(f"{'memory':>7} {'tasks':>5} {'solved by: default':>18} {'any setting':>11} {'ours':>5}"
          f" {'default above ours':>18} {'best above ours':>15} {'worse':>5} {'any widths':>10}")
    for memory in tasks.MEMORIES:
        rows = [t for t in compared if t["memory"] == memory]
        if not rows:
            continue
        default = [t for t in rows if t["torchrec"]["default"] is not None and t["equal"]]
        best = [t for t in rows if t["best"] is not None]
        both = [t for t in best if t["equal"]]
        worse = sum(1 for t in best if not t["equal"] or t["equal"] > t["best"] * (1 + 1e-9))
        print(f"{memory:>7} {len(rows):>5} {len(default):>18} {len(best):>11}"
              f" {sum(1 for t in rows if t['equal']):>5}"
              f" {percent([t['torchrec']['default'] / t['equal'] for t in default]):>18}"
              f" {percent([t['best'] / t['equal'] for t in both]):>15} {worse:>5}"
              f" {percent([t['equal'] / t['any'] for t in both if t['any']]):>10}")
    seconds = [t["seconds"] for t in compared]
    print(f"ours: {statistics.median(seconds):.2f} s a task (median), {max(seconds):.2f} s at most")
    print(f"ratings of TorchRec's plans that differ from its own: "
          f"{sum(t['rating_differs'] for t in compared)}; torchrec_greedy differs from its default: "
          f"{sum(not near(t['greedy'], t['torchrec']['default']) for t in compared)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--shardwright", default="build/release/shardwright")
    parser.add_argument("--work-limit", type=int, default=0, help="evaluations; 0: the default")
    parser.add_argument("--every", type=int, default=1, help="only every Nth task")
    arguments = parser.parse_args()
    compared = [t for t in read_tasks(arguments.out) if t["task"] % arguments.every == 0]
    with tempfile.TemporaryDirectory() as folder, (arguments.out / "ours.csv").open("w") as file:
        shardwright = Shardwright(arguments.shardwright, pathlib.Path(folder), arguments.work_limit)
        writer = csv.writer(file)
        writer.writerow(["task", "memory", "best_of_torchrec_ms", "torchrec_default_ms",
                         "torchrec_greedy_ms", "equal_widths_ms", "any_widths_ms", "seconds"])
        for task in compared:
            compare(task, shardwright, arguments.out)
            writer.writerow([task["task"], task["memory"], task["best"],
                             task["torchrec"]["default"], task["greedy"], task["equal"],
                             task["any"], task["seconds"]])
            file.flush()
    print_table(compared)


if __name__ == "__main__":
    main()
