"""Two ranks of real TorchRec load an exported plan, in both forms, and train a step with each.

    train_step.py TORCHREC_PLAN.json SHARDING_PLAN.py TABLES.json LOADER_FOLDER

Exits with 77 where torch or torchrec is not installed.
"""

import importlib.util
import json
import os
import sys

try:
    import torch
    import torch.distributed as dist
    import torch.multiprocessing as mp
    import torchrec  # noqa: F401
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

RANKS = 2


def load_module(path):
    spec = importlib.util.spec_from_file_location("sharding_plan_source", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def embedding_bags(tables):
    from torchrec.modules.embedding_configs import EmbeddingBagConfig
    from torchrec.modules.embedding_modules import EmbeddingBagCollection

    torch.manual_seed(1)
    return EmbeddingBagCollection(
        device=torch.device("cpu"),
        tables=[
            EmbeddingBagConfig(
                name=table["name"],
                num_embeddings=table["rows"],
                embedding_dim=table["dim"],
                feature_names=[f"feature_{table['name']}"],
            )
            for table in tables
        ],
    )


def batch_of(tables, rank):
    from torchrec.sparse.jagged_tensor import KeyedJaggedTensor

    generator = torch.Generator().manual_seed(rank)
    samples, pooling = 4, 2
    return KeyedJaggedTensor(
        keys=[f"feature_{table['name']}" for table in tables],
        values=torch.cat(
            [
                torch.randint(table["rows"], (samples * pooling,), generator=generator)
                for table in tables
            ]
        ),
        lengths=torch.full((len(tables) * samples,), pooling, dtype=torch.int64),
    )


def train_step(plan, tables, rank):
    """Trains one step under `plan` and checks that pooled values have the unsharded shape, and that
    the step changes them."""
    from torchrec.distributed.embeddingbag import EmbeddingBagCollectionSharder
    from torchrec.distributed.model_parallel import DistributedModelParallel

    module = embedding_bags(tables)
    batch = batch_of(tables, rank)
    shape = module(batch).values().shape
    model = DistributedModelParallel(
        module,
        plan=plan,
        device=torch.device("cpu"),
        sharders=[EmbeddingBagCollectionSharder(fused_params={"learning_rate": 0.5})],
    )

    def pooled():
        return model(batch).wait().values()

    before = pooled()
    assert before.shape == shape, (before.shape, shape)
    before.sum().backward()
    assert not torch.equal(pooled(), before), "the step changed nothing"


def run(rank, plan_file, source_file, tables_file, loader_folder, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank))
    os.environ.update(WORLD_SIZE=str(RANKS), LOCAL_RANK=str(rank), LOCAL_WORLD_SIZE=str(RANKS))
    dist.init_process_group("gloo", rank=rank, world_size=RANKS)
    sys.path.insert(0, loader_folder)
    import torchrec_plan
    from torchrec.distributed.types import ShardingPlan

    with open(tables_file, encoding="utf-8") as file:
        tables = json.load(file)["tables"]
    loaded = torchrec_plan.load_plan(plan_file)
    with open(plan_file, encoding="utf-8") as file:
        assert loaded.plan[""]._serialize() == json.load(file)["plan"][""], "TorchRec reads it otherwise"
    train_step(loaded, tables, rank)
    source = load_module(source_file)
    built = source.module_sharding_plan(embedding_bags(tables), device_type="cpu")
    for name, sharding in built.items():
        sharding.compute_kernel = loaded.plan[""][name].compute_kernel
    assert built._serialize() == loaded.plan[""]._serialize(), "the two forms differ"
    train_step(ShardingPlan({"": built}), tables, rank)
    if rank == 0:
        print(f"2 ranks trained a step under both forms of the plan; torchrec {torchrec.__version__}")
    dist.barrier()
    dist.destroy_process_group()


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    mp.spawn(run, args=(*sys.argv[1:5], free_port()), nprocs=RANKS)
