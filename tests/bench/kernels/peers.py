"""Times the embedding operator beside torch's EmbeddingBag and FBGEMM's CPU operator on the same ids, in turns.

  peers.py KERNEL_BENCH [--shape dcnv2[=DIM]|ROWS,POOLING,DIM]... [--optimizer O]... [--threads N] [--rounds N] [--all]

KERNEL_BENCH is build/release/tests/bench/kernels/kernel_bench. Needs torch 2.11 and fbgemm-gpu-cpu 1.6, as from
`pip install torch==2.11.0` and `pip install --no-deps fbgemm-gpu-cpu==1.6.0`. With one thread, times are of the
processor, so that other work on the machine counts less, and all take turns on one core; with more, time passed, of the
second of two passes. The peers' threads wait for work awake, by OMP_WAIT_POLICY=active, with which they are fastest, and
end with each turn, as they would take a core from ours. Prints medians in ms, the median over the rounds of the ratio to
ours, and forward passes as shares of a random gather's rate (bytes as in docs/definitions.md): EmbeddingBag's on even ids of
a table of 512 MB, measured in the same rounds. --all: every shape and optimizer there is a bar for. The peers' tables lie in huge pages too, by torch's own switch; with
THP_MEM_ALLOC_ENABLE=0 they do not, as is torch's default. A system that has none left gives ours ordinary ones: how much of
our memory is in huge ones is printed.
"""

import argparse
import ctypes
import logging
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

os.environ.setdefault("OMP_WAIT_POLICY", "active")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch's own switch: the peers' tables on huge pages, as ours
logging.disable(logging.WARNING)
import torch  # noqa: E402
from fbgemm_gpu.split_embedding_configs import EmbOptimType  # noqa: E402
from fbgemm_gpu.split_table_batched_embeddings_ops_common import EmbeddingLocation  # noqa: E402
from fbgemm_gpu.split_table_batched_embeddings_ops_training import (  # noqa: E402
    ComputeDevice,
    SplitTableBatchedEmbeddingBagsCodegen,
)
from shapes import shape_of  # noqa: E402

BATCH = 2048
CORES = sorted(os.sched_getaffinity(0))
BATCHES = 4
ALL_SHAPES = ["dcnv2", "dcnv2=64", "dcnv2=16"] + [f"500000,{pooling},{dim}" for dim in (16, 64, 256) for pooling in (1, 20, 200)]
OPTIMIZERS = {
    "sgd": EmbOptimType.EXACT_SGD,
    "adagrad": EmbOptimType.EXACT_ADAGRAD,
    "rowwise_adagrad": EmbOptimType.EXACT_ROWWISE_ADAGRAD,
}


class Ours:
    def __init__(self, options, optimizer, rows, pooling, dim, ids):
        command = [options.kernel_bench, "--rows", ",".join(map(str, rows)), "--pooling", ",".join(map(str, pooling)),
                   "--dim", str(dim), "--batch-size", str(BATCH), "--batches", str(BATCHES), "--optimizer", optimizer, "--threads", str(options.threads), "--ids", ids]
        command += ["--cpu-time"] if options.threads == 1 else []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("kernel_bench did not start")

    def step(self, _):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return tuple(map(float, self.process.stdout.readline().split()))

    def huge_share(self):
        """Of the memory it has, in huge pages."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        kib = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines[1:])}
        return kib["AnonHugePages"] / kib["Rss"]


class Clock:
    def __init__(self, threads):
        self.now = time.process_time if threads == 1 else time.perf_counter
        self.start = self.now()

    def lap(self):
        self.start, begin = self.now(), self.start
        return 1e3 * (self.start - begin)


class Fbgemm:
    def __init__(self, options, optimizer, rows, dim, batches):
        self.threads = options.threads
        self.batches = batches
        self.operator = SplitTableBatchedEmbeddingBagsCodegen(
            embedding_specs=[(r, dim, EmbeddingLocation.HOST, ComputeDevice.CPU) for r in rows],
            optimizer=OPTIMIZERS[optimizer], learning_rate=0.01, eps=1e-8)
        self.operator.init_embedding_weights_uniform(-0.01, 0.01)
        self.gradient = torch.full((BATCH, dim * len(rows)), 1e-3)

    def step(self, number):
        indices, offsets = self.batches[number % BATCHES]
        clock = Clock(self.threads)
        pooled = self.operator(indices, offsets)
        forward = clock.lap()
        pooled.backward(self.gradient)
        return forward, clock.lap()


class EmbeddingBag:
    def __init__(self, options, rows, dim, batches):
        self.threads = options.threads
        self.weights = [torch.empty(r, dim).uniform_(-0.01, 0.01) for r in rows]
        self.batches = [[(indices[offsets[t * BATCH]:offsets[(t + 1) * BATCH]].clone(),
                          offsets[t * BATCH:(t + 1) * BATCH] - offsets[t * BATCH]) for t in range(len(rows))]
                        for indices, offsets in batches]

    def step(self, number):
        clock = Clock(self.threads)
        with torch.no_grad():
            for weight, (indices, offsets) in zip(self.weights, self.batches[number % BATCHES]):
                torch.nn.functional.embedding_bag(indices, weight, offsets, mode="sum")
        return clock.lap(), float("nan")


class Gather:
    """EmbeddingBag on ids of which none is likelier than another: the rate at which rows come from memory."""

    IDS, POOLING = 100000, 20

    def __init__(self, options, dim):
        self.threads = options.threads
        self.weight = torch.ones(2**29 // (4 * dim), dim)
        self.offsets = torch.arange(0, self.IDS, self.POOLING)
        self.bytes = traffic(self.IDS, self.IDS // self.POOLING, dim)

    def step(self, _):
        """Bytes per ms."""
        ids = torch.randint(len(self.weight), (self.IDS,))
        clock = Clock(self.threads)
        with torch.no_grad():
            torch.nn.functional.embedding_bag(ids, self.weight, self.offsets, mode="sum")
        return self.bytes / clock.lap(), float("nan")


def traffic(ids, bags, dim):
    """Bytes of a forward pass."""
    return 8 * ids + 4 * dim * (ids + bags)


def read_batches(file, pooling):
    per_batch = BATCH * sum(pooling)
    ids = torch.from_file(file, size=BATCHES * per_batch, dtype=torch.int64).clone()
    lengths = torch.tensor(pooling).repeat_interleave(BATCH)
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
    return [(ids[b * per_batch:(b + 1) * per_batch].clone(), offsets) for b in range(BATCHES)]


def report(rounds, forward_bytes):
    ours = rounds["ours"]
    gather = [rate for rate, _ in rounds.pop("gather")]
    for name, times in rounds.items():
        forward = statistics.median(f for f, _ in times)
        ratio = statistics.median(f / o for (f, _), (o, _) in zip(times, ours))
        share = statistics.median(forward_bytes / f / rate for (f, _), rate in zip(times, gather))
        line = f"  {name:12} forward {forward:8.2f} ms ({ratio:5.2f} x ours, {share:4.2f} of the gather's rate)"
        if times[0][1] == times[0][1]:
            step = statistics.median(f + b for f, b in times)
            whole = statistics.median((f + b) / (o + p) for (f, b), (o, p) in zip(times, ours))
            line += f"   forward + update {step:8.2f} ms ({whole:5.2f} x ours)"
        print(line)
    best = [min(f, e) / o for (f, _), (e, _), (o, _) in zip(rounds["fbgemm"], rounds["EmbeddingBag"], ours)]
    print(f"  the better peer's forward {statistics.median(best):.2f} x ours ({min(best):.2f} to {max(best):.2f}); "
          f"gather {statistics.median(gather) / 1e6:.1f} GB/s", flush=True)


def end_peers_threads():
    """OpenMP's; the next pass begins new ones."""
    libraries = {line.split()[-1] for line in pathlib.Path("/proc/self/maps").read_text().splitlines() if "libgomp" in line}
    for library in libraries:
        if ctypes.CDLL(library).omp_pause_resource_all(1) != 0:  # omp_pause_soft
            raise SystemExit(f"the threads of {library} do not end")


def step_of_threads(runner, number):
    """The second of two passes: the first one wakes or begins the threads."""
    runner.step(2 * number)
    times = runner.step(2 * number + 1)
    end_peers_threads()
    return times


def take_core(number, pid):
    """All on one core, the next one every round: a host's others disturb one core more than another."""
    core = CORES[number % len(CORES)]
    for process in (0, pid):
        os.sched_setaffinity(process, {core})


def compare(options, shape, optimizer):
    rows, pooling, dim = shape_of(shape)
    with tempfile.TemporaryDirectory() as folder:
        ids = str(pathlib.Path(folder) / "ids")
        runners = {"ours": Ours(options, optimizer, rows, pooling, dim, ids)}
        batches = read_batches(ids, pooling)
    runners["fbgemm"] = Fbgemm(options, optimizer, rows, dim, batches)
    runners["EmbeddingBag"] = EmbeddingBag(options, rows, dim, batches)
    runners["gather"] = Gather(options, dim)
    unique = sum(len(torch.unique(batches[0][0][BATCH * sum(pooling[:t]):BATCH * sum(pooling[:t + 1])]))
                 for t in range(len(rows)))
    print(f"{shape} {optimizer} threads {options.threads}: {BATCH * sum(pooling)} look-ups, {unique} rows, dim {dim}")
    rounds = {name: [] for name in runners}
    for number in range(options.rounds + 1):
        if options.threads == 1:
            take_core(number, runners["ours"].process.pid)
        for name, runner in runners.items():
            times = runner.step(number) if options.threads == 1 else step_of_threads(runner, number)
            if number > 0:
                rounds[name].append(times)
    report(rounds, traffic(BATCH * sum(pooling), BATCH * len(rows), dim))
    print(f"  huge pages hold {runners['ours'].huge_share():.0%} of our memory", flush=True)
    runners["ours"].process.kill()
    runners["ours"].process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kernel_bench")
    parser.add_argument("--shape", action="append")
    parser.add_argument("--optimizer", action="append", choices=OPTIMIZERS, help="default: rowwise_adagrad")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    shapes = options.shape or (ALL_SHAPES if options.all else ["dcnv2"])
    for optimizer in options.optimizer or (OPTIMIZERS if options.all else ["rowwise_adagrad"]):
        for shape in shapes:
            compare(options, shape, optimizer)


if __name__ == "__main__":
    main()
