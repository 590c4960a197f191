"""One rank of TorchRec, trained on the batches of `shardwright bench`: started by steps.py, which speaks to it by lines.

For every line on the standard input it takes all steps, and prints their milliseconds, those of the warm-up left out, as one
JSON list. Its planner, its operator with the optimizer fused in, gloo. Times are those of the step alone, after a barrier.
"""

import argparse
import json
import logging
import os
import sys
import time

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch's own switch: its tables on huge pages, as ours
logging.disable(logging.WARNING)
import torch  # noqa: E402
import torch.distributed as dist  # noqa: E402
from fbgemm_gpu.split_embedding_configs import EmbOptimType  # noqa: E402
from torchrec.distributed.embeddingbag import EmbeddingBagCollectionSharder  # noqa: E402
from torchrec.distributed.model_parallel import DistributedModelParallel  # noqa: E402
from torchrec.distributed.planner import EmbeddingShardingPlanner, Topology  # noqa: E402
from torchrec.distributed.planner.types import ParameterConstraints  # noqa: E402
from torchrec.models.dlrm import DLRM  # noqa: E402
from torchrec.modules.embedding_configs import EmbeddingBagConfig  # noqa: E402
from torchrec.modules.embedding_modules import EmbeddingBagCollection  # noqa: E402
from torchrec.sparse.jagged_tensor import KeyedJaggedTensor  # noqa: E402

DENSE_FEATURES = 13
LEARNING_RATE = 0.01
OPTIMIZERS = {
    "sgd": (EmbOptimType.EXACT_SGD, torch.optim.SGD),
    "adagrad": (EmbOptimType.EXACT_ADAGRAD, torch.optim.Adagrad),
    "rowwise_adagrad": (EmbOptimType.EXACT_ROWWISE_ADAGRAD, torch.optim.Adagrad),
}


class Batches:
    """What bench_batches.cpp wrote for this rank."""

    def __init__(self, options):
        self.samples = options.samples_per_rank
        self.pooling = options.pooling
        self.keys = [f"f{t}" for t in range(len(options.rows))]
        self.lengths = torch.tensor(options.pooling, dtype=torch.int32).repeat_interleave(self.samples)
        ids = options.steps * self.samples * sum(options.pooling)
        prefix = os.path.join(options.batches, str(options.rank))
        self.ids = torch.from_file(prefix + ".ids", size=ids, dtype=torch.int64).view(options.steps, -1)
        if options.dense:
            size = options.steps * self.samples
            self.dense = torch.from_file(prefix + ".dense", size=size * DENSE_FEATURES).view(options.steps, -1, DENSE_FEATURES)
            self.labels = torch.from_file(prefix + ".labels", size=size).view(options.steps, -1)

    def sparse(self, step):
        return KeyedJaggedTensor(keys=self.keys, values=self.ids[step].clone(), lengths=self.lengths.clone())


def embedding_bags(options):
    return EmbeddingBagCollection(device=torch.device("meta"), tables=[
        EmbeddingBagConfig(name=f"t{t}", embedding_dim=options.dim, num_embeddings=rows, feature_names=[f"f{t}"])
        for t, rows in enumerate(options.rows)])


def sharded(module, options):
    fused = {"optimizer": OPTIMIZERS[options.optimizer][0], "learning_rate": LEARNING_RATE, "eps": 1e-8}
    sharders = [EmbeddingBagCollectionSharder(fused_params=fused)]
    planner = EmbeddingShardingPlanner(
        topology=Topology(world_size=options.ranks, local_world_size=options.ranks, compute_device="cpu"),
        batch_size=options.samples_per_rank,
        constraints={f"t{t}": ParameterConstraints(pooling_factors=[float(p)]) for t, p in enumerate(options.pooling)})
    plan = planner.collective_plan(module, sharders, dist.GroupMember.WORLD)
    return DistributedModelParallel(module, plan=plan, device=torch.device("cpu"), sharders=sharders)


class Trainer:
    def __init__(self, options):
        self.batches = Batches(options)
        module = embedding_bags(options)
        if options.dense:
            module = DLRM(embedding_bag_collection=module, dense_in_features=DENSE_FEATURES,
                          dense_arch_layer_sizes=[64, options.dim], over_arch_layer_sizes=[128, 64, 1],
                          dense_device=torch.device("cpu"))
        self.model = sharded(module, options)
        self.make_optimizer = OPTIMIZERS[options.optimizer][1]
        self.optimizer = None  # of parameters that no operator updates
        self.loss = torch.nn.BCEWithLogitsLoss() if options.dense else None
        self.gradient = None

    def train(self, sparse, dense, labels):
        if self.loss:
            self.loss(self.model(dense, sparse).squeeze(1), labels).backward()
        else:
            pooled = self.model(sparse).wait().values()
            if self.gradient is None:
                self.gradient = torch.full_like(pooled, 1e-6)
            pooled.backward(self.gradient)
        if self.optimizer is None:  # those that an operator has updated have no gradient
            rest = [p for p in self.model.parameters() if p.grad is not None]
            self.optimizer = self.make_optimizer(rest, lr=LEARNING_RATE) if rest else False
        if self.optimizer:
            self.optimizer.step()
            self.optimizer.zero_grad()

    def step(self, number):
        """Milliseconds."""
        sparse = self.batches.sparse(number)
        dense, labels = (self.batches.dense[number], self.batches.labels[number]) if self.loss else (None, None)
        dist.barrier()
        start = time.perf_counter()
        self.train(sparse, dense, labels)
        return 1e3 * (time.perf_counter() - start)


def options_of():
    parser = argparse.ArgumentParser()
    for name in ("rank", "ranks", "dim", "samples-per-rank", "steps", "warmup"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("rows", "pooling"):
        parser.add_argument(f"--{name}", type=lambda text: [int(n) for n in text.split(",")], required=True)
    parser.add_argument("--optimizer", choices=OPTIMIZERS, required=True)
    parser.add_argument("--batches", required=True, help="folder that bench_batches filled")
    parser.add_argument("--rendezvous", required=True, help="file that does not exist yet")
    parser.add_argument("--dense", action="store_true")
    return parser.parse_args()


def main():
    options = options_of()
    os.environ.update(LOCAL_RANK=str(options.rank), LOCAL_WORLD_SIZE=str(options.ranks))
    torch.set_num_threads(1)
    torch.manual_seed(options.rank)
    dist.init_process_group("gloo", init_method=f"file://{options.rendezvous}", rank=options.rank, world_size=options.ranks)
    trainer = Trainer(options)
    print("ready", flush=True)
    for _ in sys.stdin:
        times = [trainer.step(number) for number in range(options.steps)]
        print(json.dumps(times[options.warmup:]), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
