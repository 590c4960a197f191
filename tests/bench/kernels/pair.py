"""Times the kernel_bench of two builds in turns: what a change to the kernels gains.

  pair.py BEFORE AFTER --shape dcnv2[=DIM]|ROWS,POOLING,DIM... [--optimizer O]... [--threads N] [--rounds N]

BEFORE and AFTER are kernel_bench (build/release/tests/bench/kernels) of either. Prints, of the look-up, the update and both
together, the medians in ms of one processor's time (with several threads, of time passed), and the median and the quartiles over the rounds of AFTER's time over BEFORE's.
"""

import argparse
import statistics
import subprocess

from shapes import shape_of

WARMUP = 4


def start(program, shape, optimizer, threads):
    rows, pooling, dim = shape_of(shape)
    process = subprocess.Popen(
        [program, "--rows", ",".join(map(str, rows)), "--pooling", ",".join(map(str, pooling)), "--dim", str(dim),
         "--optimizer", optimizer, "--threads", str(threads)] + ["--cpu-time"] * (threads == 1), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "ready\n":
        raise SystemExit(f"{program} did not start")
    return process


def step(process):
    """Milliseconds of the look-up, of the update, of both."""
    process.stdin.write("\n")
    process.stdin.flush()
    forward, update = map(float, process.stdout.readline().split())
    return forward, update, forward + update


def take_turns(processes, rounds):
    """[(times of the first, of the second)]"""
    taken = []
    for number in range(WARMUP + rounds):
        order = (0, 1) if number % 2 else (1, 0)
        times = {i: step(processes[i]) for i in order}
        taken.append((times[0], times[1]))
    return taken[WARMUP:]


def report(rounds):
    for i, part in enumerate(("look-up", "update", "both")):
        before, after = ([times[i] for times in side] for side in zip(*rounds))
        low, middle, high = statistics.quantiles([b / a for a, b in zip(before, after)], n=4)
        print(f"  {part:8} {statistics.median(before):8.3f} -> {statistics.median(after):8.3f} ms: "
              f"{middle:.3f} ({low:.3f} to {high:.3f})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--shape", action="append", required=True)
    parser.add_argument("--optimizer", action="append", help="default: rowwise_adagrad")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    for optimizer in options.optimizer or ["rowwise_adagrad"]:
        for shape in options.shape:
            print(shape, optimizer)
            processes = [start(program, shape, optimizer, options.threads) for program in (options.before, options.after)]
            report(take_turns(processes, options.rounds))
            for process in processes:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main()
