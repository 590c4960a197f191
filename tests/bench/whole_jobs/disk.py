"""Training from disk by two ranks of `shardwright train`, one thread each, beside one process of plain PyTorch with two.

  disk.py [--build BUILD] [--case criteo,sgd]... [--rounds N] [--lines N] [--rows N] [--dim N]

Cases: criteo,OPTIMIZER (made-up lines in the Criteo format, converted by `shardwright data criteo`) and movielens,OPTIMIZER. Both
read the same data folder, which is dropped from the system's cache before every run, and train an epoch in turns.
SHARDWRIGHT_TORCHREC_PYTHON or an environment in BUILD has PyTorch, as for steps.py. Prints samples per second and ratios.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from steps import RANKS, ROOT, said_by, spread, torchrec_python

HERE = pathlib.Path(__file__).resolve().parent
CASES = ["criteo,sgd", "criteo,adagrad", "movielens,adagrad"]


class Model:
    def __init__(self, bottom, top, batch_size):
        self.bottom, self.top, self.batch_size = bottom, top, batch_size


def make_criteo(options, folder):
    """Converts the lines while they are made."""
    with subprocess.Popen([sys.executable, HERE / "criteo_lines.py", str(options.lines)], stdout=subprocess.PIPE) as lines:
        subprocess.run([options.build / "shardwright", "data", "criteo", "-", "--test-share", "0.01", "--rows", str(options.rows),
                        "--embedding-dim", str(options.dim), "-o", folder], stdin=lines.stdout, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Model(f"64,{options.dim}", "128,64,1", 4096)


def make_movielens(options, folder):
    said_by([options.build / "shardwright", "data", "movielens", ROOT / "data/movielens_latest_small", "-o", folder])
    return Model("16", "32,1", 2048)


def drop_from_cache(folder):
    """What has been written to disk alone."""
    os.sync()
    for file in folder.rglob("*.*"):
        with open(file, "rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def ours(options, model, data, optimizer):
    start = f'ranks={RANKS}; shardwright=$1; source "{ROOT}/launch/mpi_environment.sh"; exec mpirun -n $ranks "${{mpirun_flags[@]}}" "$@"'
    flags = ["--overlap"] if options.overlap else []
    return json.loads(said_by([
        "env", "OMP_NUM_THREADS=1", "bash", "-c", start, "bash", options.build / "shardwright", "train", "--data", data, "--plan",
        data.parent / "plan.json", "--bottom-mlp", model.bottom, "--top-mlp", model.top, "--batch-size", str(model.batch_size),
        "--optimizer", optimizer, "--learning-rate", "0.01", "--epochs", "1", "--json", *flags]))


def theirs(options, model, data, optimizer):
    return json.loads(said_by([options.python, HERE / "plain_dlrm.py", data, "--bottom", model.bottom, "--top", model.top,
                               "--batch-size", str(model.batch_size), "--optimizer", optimizer, "--threads", str(RANKS)]))


def take_turns(options, model, data, optimizer):
    """[(ours, theirs)]"""
    turns = [ours, theirs]
    rounds = []
    for number in range(options.rounds):
        said = {}
        for turn in turns[number % 2:] + turns[:number % 2]:
            drop_from_cache(data)
            said[turn] = turn(options, model, data, optimizer)
        rounds.append((said[ours], said[theirs]))
    return rounds


def report(name, rounds):
    rates = [[said["samples_per_s"] for said in side] for side in zip(*rounds)]
    ratios = [a / b for a, b in zip(*rates)]
    print(f"{name}: {spread(rates[0], '.0f')} samples/s, PyTorch {spread(rates[1], '.0f')}: {spread(ratios, '.2f')} x; "
          f"last loss {rounds[-1][0]['last_loss']:.4f} and {rounds[-1][1]['last_loss']:.4f}")
    phases = rounds[-1][0]["phase_ms"]
    print("  ms of the mean rank: " + ", ".join(f"{phase} {ms['mean']:.2f}" for phase, ms in phases.items() if ms["mean"] > 0), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--case", action="append", help="default: " + " ".join(CASES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lines", type=int, default=200000, help="of the Criteo format")
    parser.add_argument("--rows", type=int, default=500000, help="of each of its 26 tables")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--overlap", action="store_true")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.python = torchrec_python(options.build)
    makers = {"criteo": make_criteo, "movielens": make_movielens}
    for case in options.case or CASES:
        kind, optimizer = case.split(",")
        with tempfile.TemporaryDirectory(dir=options.build) as folder:  # on disk, which /tmp need not be
            data = pathlib.Path(folder) / "data"
            model = makers[kind](options, data)
            said_by([options.build / "shardwright", "plan", data / "tables.json", "--topology", f"{RANKS}xcpu-8GiB", "--batch-size",
                     str(model.batch_size), "-o", data.parent / "plan.json"])
            report(case, take_turns(options, model, data, optimizer))


if __name__ == "__main__":
    main()
