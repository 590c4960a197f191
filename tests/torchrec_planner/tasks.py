"""The tasks on which TorchRec's planner and ours are compared: the same on every machine.

A task is a list of tables; a setting of memory says how much each of the ranks has. The draws are
those of tests/planner/search/torchrec_tasks.hpp: integers only, from SplitMix64.
"""

from dataclasses import dataclass

RANKS = 8
BATCH_PER_RANK = 512
NUM_TASKS = 60
LOOSE = 80_000_000_000
# Memory of a rank as a share of the weights of all tables divided by the ranks.
MEMORIES = {
    "loose": None,
    "1.30": (130, 100),
    "1.10": (110, 100),
    "1.05": (105, 100),
    "1.02": (102, 100),
    "1.01": (101, 100),
}
MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Table:
    name: str
    rows: int
    dim: int
    pooling: int


class SplitMix64:
    def __init__(self, seed: int):
        self.state = seed

    def below(self, bound: int) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (z ^ (z >> 31)) % bound


def draw_task(task: int) -> list[Table]:
    """10 to 60 tables: 10^4 to 10^7 rows, 32 to 256 columns, 1 to 40 ids a sample."""
    random = SplitMix64(task)
    count = 10 + random.below(51)
    tables = []
    for index in range(count):
        rows = (1000 + random.below(9000)) * 10 ** (1 + random.below(3))
        dim = 32 * (1 + random.below(8))
        tables.append(Table(f"t{index}", rows, dim, 1 + random.below(40)))
    return tables


def memory_of_rank(tables: list[Table], memory: str) -> int:
    share = MEMORIES[memory]
    if share is None:
        return LOOSE
    weights = sum(4 * table.rows * table.dim for table in tables)
    return weights * share[0] // (share[1] * RANKS)


def tables_document(tables: list[Table]) -> dict:
    """As a table spec. TorchRec counts no optimizer state for tables without a fused optimizer."""
    return {
        "schema": "shardwright.tables/1",
        "batch_size": BATCH_PER_RANK * RANKS,
        "tables": [
            {"name": t.name, "rows": t.rows, "dim": t.dim, "pooling": t.pooling, "optimizer": "sgd"}
            for t in tables
        ],
    }


def topology_document(memory_bytes: int) -> dict:
    rank = {"node": 0, "device": "H100", "memory_bytes": memory_bytes}
    return {"schema": "shardwright.topology/1", "ranks": [rank] * RANKS}
