#!/usr/bin/env python3
"""Times torch.nn.EmbeddingBag (sparse gradients, sum) with LibTorch's own sparse optimizers on the cases that
device_operator_bench has printed: a line of JSON per case, read from standard input.

    device_operator_bench | torch_embedding_bag.py
"""
import json
import statistics
import sys

import torch

PASSES = 7
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.01),
    "rowwise_adagrad": lambda p: torch.optim.Adagrad(p, lr=0.01),  # LibTorch has no row-wise one
    "adam": lambda p: torch.optim.SparseAdam(list(p), lr=0.01),
}


def zipf_rows(rows, skew, count):
    u = torch.rand(count, device="cuda", dtype=torch.float64)
    if skew == 0:
        return (u * rows).long()
    ranks = (((rows ** (1 - skew)) - 1) * u + 1) ** (1 / (1 - skew))
    return ranks.clamp(max=rows - 1).long() * 2654435761 % rows


def timed(work):
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    result = work()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end), result


def measure(case):
    bags = [
        torch.nn.EmbeddingBag(case["rows"], case["dim"], mode="sum", sparse=True, device="cuda")
        for _ in range(case["tables"])
    ]
    optimizer = OPTIMIZERS[case["optimizer"]](p for bag in bags for p in bag.parameters())
    offsets = torch.arange(0, case["batch"] * case["pooling"], case["pooling"], device="cuda")
    forward, backward = [], []
    for step in range(PASSES + 2):
        ids = [zipf_rows(case["rows"], case["skew"], case["batch"] * case["pooling"]) for _ in bags]
        optimizer.zero_grad(set_to_none=True)
        ms, pooled = timed(lambda: [bag(i, offsets) for bag, i in zip(bags, ids)])
        gradient = [torch.full_like(p, 1e-3) for p in pooled]

        def update():
            torch.autograd.backward(pooled, gradient)
            optimizer.step()

        update_ms, _ = timed(update)
        if step >= 2:
            forward.append(ms)
            backward.append(update_ms)
    return statistics.median(forward), statistics.median(backward)


for line in sys.stdin:
    case = json.loads(line)
    if case["dtype"] != "fp32":
        continue
    try:
        forward, backward = measure(case)
    except torch.OutOfMemoryError:
        print(json.dumps({**case, "torch": "out of memory"}), flush=True)
        torch.cuda.empty_cache()
        continue
    torch.cuda.empty_cache()
    ours = case["forward_ms"] + case["backward_ms"]
    print(
        json.dumps(
            {key: case[key] for key in ("optimizer", "dim", "pooling", "skew", "forward_ms", "backward_ms")}
            | {"torch_forward_ms": round(forward, 4), "torch_backward_ms": round(backward, 4)}
            | {"times_faster": round((forward + backward) / ours, 2)}
        ),
        flush=True,
    )
