"""Loads a plan that `shardwright export --to torchrec` wrote into TorchRec.

    plan = load_plan("torchrec_plan.json")
    model = DistributedModelParallel(model, plan=plan, device=device)

Every rank loads the same file; DistributedModelParallel then skips TorchRec's planner. Needs
nothing but TorchRec itself.
"""

import json


def plan_from_dict(document):
    """The ShardingPlan of a parsed file: {"plan": {module: {table: {...}}}}."""
    from torchrec.distributed.types import (
        EmbeddingModuleShardingPlan,
        EnumerableShardingSpec,
        ParameterSharding,
        ShardingPlan,
        ShardMetadata,
    )

    def spec_of(table):
        if "shards" not in table:  # data_parallel
            return None
        return EnumerableShardingSpec([ShardMetadata(**shard) for shard in table["shards"]])

    def sharding_of(table):
        return ParameterSharding(
            sharding_type=table["sharding_type"],
            compute_kernel=table["compute_kernel"],
            ranks=table["ranks"],
            sharding_spec=spec_of(table),
        )

    return ShardingPlan(
        {
            module: EmbeddingModuleShardingPlan(
                {name: sharding_of(table) for name, table in tables.items()}
            )
            for module, tables in document["plan"].items()
        }
    )


def load_plan(path):
    """The ShardingPlan in the file `path`."""
    with open(path, encoding="utf-8") as file:
        return plan_from_dict(json.load(file))
