"""Whole steps of `shardwright bench` beside TorchRec's on the same tables and ids, in turns.

  steps.py [--build BUILD] [--case OPTIMIZER,D[,dense]]... [--rounds N] [--steps N] [--warmup N]

MLPerf DCNv2's tables with their rows divided by 40, 2,048 samples per rank, 2 ranks of one thread each. TorchRec (its planner,
its operator with the optimizer fused in, gloo) runs in the Python that SHARDWRIGHT_TORCHREC_PYTHON names; without one, in an
environment that is made once in BUILD/torchrec_venv (several GB). Its ranks stay, and sleep while ours are timed. Every round
times ours, ours with --overlap, and TorchRec's, in an order that turns. Prints samples per second (medians over rounds of the
mean step), ratios within rounds, and where our time goes. Needs 16 GiB of memory for adagrad at D = 128.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
RANKS = 2
SAMPLES_PER_RANK = 2048
DCNV2_ROWS = [
    40000000, 39060, 17295, 7424, 20265, 3, 7122, 1543, 63, 40000000, 3067956, 405282, 10, 2209, 11938, 155, 4, 976, 14,
    40000000, 40000000, 40000000, 590152, 12973, 108, 36]
ROWS = [max(rows // 40, min(rows, 4)) for rows in DCNV2_ROWS]
POOLING = [3, 2, 1, 2, 6, 1, 1, 1, 1, 7, 3, 8, 1, 6, 9, 5, 1, 1, 1, 12, 100, 27, 10, 3, 1, 1]
CASES = ["rowwise_adagrad,128", "sgd,128", "adagrad,128", "rowwise_adagrad,128,dense", "rowwise_adagrad,16,dense"]


def joined(numbers):
    return ",".join(map(str, numbers))


def said_by(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stderr}")
    return done.stdout


class Case:
    def __init__(self, text):
        optimizer, dim, *rest = text.split(",")
        self.name, self.optimizer, self.dim, self.dense = text, optimizer, int(dim), rest == ["dense"]


class Ours:
    """`shardwright bench` of a plan that its planner makes."""

    def __init__(self, options, case, folder):
        self.plan = folder / "plan.json"
        self.shardwright = options.build / "shardwright"
        said_by([self.shardwright, "plan", "--num-embeddings-per-feature", joined(ROWS), "--multi-hot-sizes",
                 joined(POOLING), "--embedding-dim", str(case.dim), "--topology", f"{RANKS}xcpu-8GiB", "--batch-size",
                 str(SAMPLES_PER_RANK * RANKS), "-o", self.plan])
        self.flags = ["--optimizer", case.optimizer, "--steps", str(options.steps), "--warmup", str(options.warmup),
                      "--json"] + (["--dense"] if case.dense else [])

    def run(self, overlap):
        start = f'ranks={RANKS}; shardwright=$1; source "{ROOT}/launch/mpi_environment.sh"; exec mpirun -n $ranks "${{mpirun_flags[@]}}" "$@"'
        flags = self.flags + (["--overlap"] if overlap else [])
        return json.loads(said_by(["bash", "-c", start, "bash", self.shardwright, "bench", self.plan, *flags]))


class TorchRec:
    """Ranks that wait to be told to train."""

    def __init__(self, options, case, folder):
        command = [options.python, HERE / "torchrec_rank.py", "--ranks", str(RANKS), "--dim", str(case.dim), "--rows",
                   joined(ROWS), "--pooling", joined(POOLING), "--samples-per-rank", str(SAMPLES_PER_RANK), "--steps",
                   str(options.warmup + options.steps), "--warmup", str(options.warmup), "--optimizer", case.optimizer,
                   "--batches", folder, "--rendezvous", folder / "rendezvous"] + (["--dense"] if case.dense else [])
        self.said = [open(folder / f"{rank}.said", "w+") for rank in range(RANKS)]
        self.ranks = [subprocess.Popen([*command, "--rank", str(rank)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=self.said[rank], text=True) for rank in range(RANKS)]
        self.answers()

    def answers(self):
        """The next line that each rank prints."""
        lines = [rank.stdout.readline() for rank in self.ranks]
        for line, said in zip(lines, self.said):
            if not line:
                said.seek(0)
                self.stop()
                raise SystemExit(f"TorchRec ended:\n{said.read()}")
        return lines

    def run(self):
        """Milliseconds of every step: those of its slowest rank."""
        for rank in self.ranks:
            rank.stdin.write("\n")
            rank.stdin.flush()
        return [max(step) for step in zip(*map(json.loads, self.answers()))]

    def stop(self):
        for rank in self.ranks:
            rank.kill()
            rank.wait()


def samples_per_s(step_ms):
    return 1e3 * SAMPLES_PER_RANK * RANKS * len(step_ms) / sum(step_ms)


def take_turns(options, case, folder):
    """Per round: samples/s of TorchRec and the documents of our bench without and with overlap."""
    ours = Ours(options, case, folder)
    said_by([options.build / "tests/bench/whole_jobs/bench_batches", ours.plan, folder, "--steps",
             str(options.warmup + options.steps)] + (["--dense"] if case.dense else []))
    theirs = TorchRec(options, case, folder)
    turns = {"plain": lambda: ours.run(False), "overlap": lambda: ours.run(True), "torchrec": lambda: samples_per_s(theirs.run())}
    rounds = []
    try:
        turns["torchrec"]()  # first steps are slow
        for number in range(options.rounds):
            order = list(turns)[number % 3:] + list(turns)[:number % 3]
            rounds.append({name: turns[name]() for name in order})
            print(f"{case.name}: round {number + 1} of {options.rounds}", file=sys.stderr)
    finally:
        theirs.stop()
    return rounds


def spread(values, form):
    return f"{format(statistics.median(values), form)} ({format(min(values), form)} to {format(max(values), form)})"


def report(case, rounds):
    rates = {"ours": [r["plain"]["samples_per_s"] for r in rounds], "ours, overlap": [r["overlap"]["samples_per_s"] for r in rounds]}
    theirs = [r["torchrec"] for r in rounds]
    print(f"{case.name}: TorchRec {spread(theirs, '.0f')} samples/s")
    for name, document in (("ours", "plain"), ("ours, overlap", "overlap")):
        ratios = [ours / other for ours, other in zip(rates[name], theirs)]
        print(f"  {name:14} {spread(rates[name], '.0f')} samples/s, {spread(ratios, '.2f')} x TorchRec's")
        phases = {phase: statistics.median(r[document]["phase_ms"][phase]["mean"] for r in rounds)
                  for phase in rounds[0][document]["phase_ms"]}
        print("    ms of the mean rank: " + ", ".join(f"{phase} {ms:.2f}" for phase, ms in phases.items() if ms > 0))
        exposed = [r[document]["exposed_exchange_share"] for r in rounds]
        print(f"    exchanges beside computing: {spread(exposed, '.1%')} of a step")
    gains = [b / a for a, b in zip(rates["ours"], rates["ours, overlap"])]
    print(f"  overlap: {spread(gains, '.3f')} x without, slower in {sum(g < 1 for g in gains)} of {len(gains)} rounds", flush=True)


def torchrec_python(build):
    named = os.environ.get("SHARDWRIGHT_TORCHREC_PYTHON")
    if named:
        return named
    folder = build / "torchrec_venv"
    if not (folder / "complete").exists():
        said_by([sys.executable, "-m", "venv", "--clear", folder])
        pip = [folder / "bin/pip", "install", "--quiet"]
        said_by([*pip, "torch==2.11.0", "numpy", "torchrec==1.6.1"])
        # torchrec draws in the newest fbgemm-gpu, which does not match this torch
        said_by([folder / "bin/pip", "uninstall", "--quiet", "--yes", "fbgemm-gpu"])
        said_by([*pip, "--no-deps", "--force-reinstall", "fbgemm-gpu-cpu==1.6.0"])
        (folder / "complete").touch()
    return folder / "bin/python"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="with shardwright and bench_batches")
    parser.add_argument("--case", action="append", help="default: " + " ".join(CASES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="that are timed, of each in a round")
    parser.add_argument("--warmup", type=int, default=2)
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.python = torchrec_python(options.build)
    os.environ["OMP_NUM_THREADS"] = "1"
    for case in map(Case, options.case or CASES):
        with tempfile.TemporaryDirectory() as folder:
            report(case, take_turns(options, case, pathlib.Path(folder)))


if __name__ == "__main__":
    main()
