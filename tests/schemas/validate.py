"""Holds real output of the binary to the JSON Schemas, and the schemas to files that are wrong.

    validate.py SHARDWRIGHT SCHEMA_FOLDER

Exits with 77 where Python's jsonschema is not installed.
"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TABLES = {
    "schema": "shardwright.tables/1",
    "batch_size": 64,
    "_note": "comments are allowed",
    "tables": [
        {"name": "a", "rows": 1000, "dim": 32, "pooling": 2.5, "mode": "mean", "features": ["x", "y"]},
        {"name": "b", "rows": 500, "dim": 16, "dtype": "bf16", "optimizer": "adam",
         "constraints": {"types": ["table_wise"], "ranks": [1]}},
    ],
}
CONSTRAINTS = {
    "schema": "shardwright.constraints/1",
    "tables": [{"name": "a", "constraints": {"nodes": [0], "max_shards": 1}, "dtype": "bf16"},
               {"name": "*", "optimizer": "sgd"}],
    "apart": [["a", "b"]],
    "excluded_ranks": [],
    "reserved_bytes": [0, 1000],
}
TOPOLOGY = {
    "schema": "shardwright.topology/1",
    "ranks": [{"node": 0, "device": "cpu", "memory_bytes": 1 << 20}] * 2,
    "links": {"intra": {"bandwidth_bytes_per_second": 1e10, "latency_seconds": 1e-6}},
    "probe": {"copy_gb_s": 24.8, "gather_gb_s": 1.03, "fma_gflop_s": 7.2},
}


def validator(folder, name):
    schema = json.loads((folder / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def expect_refusals(check, document, changes):
    for path, value in changes:
        broken = copy.deepcopy(document)
        place = broken
        for key in path[:-1]:
            place = place[key]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        assert not check.is_valid(broken), f"{path} = {value!r} was let through"


def main(binary, folder):
    work = pathlib.Path(tempfile.mkdtemp())

    def run(*arguments, code=0):
        done = subprocess.run([binary, *arguments], cwd=work, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done.stdout

    (work / "tables.json").write_text(json.dumps(TABLES), encoding="utf-8")
    (work / "topology.json").write_text(json.dumps(TOPOLOGY), encoding="utf-8")
    free = [{key: value for key, value in table.items() if key != "constraints"} for table in TABLES["tables"]]
    (work / "free.json").write_text(json.dumps({**TABLES, "tables": free}), encoding="utf-8")
    rating = json.loads(run("plan", "tables.json", "--topology", "topology.json", "--json", "-o", "plan.json"))
    plan = json.loads((work / "plan.json").read_text(encoding="utf-8"))
    failed = json.loads(run("plan", "tables.json", "--topology", "2xcpu-1kB", "--json", code=4))

    (work / "constraints.json").write_text(json.dumps(CONSTRAINTS), encoding="utf-8")
    run("plan", "tables.json", "--topology", "topology.json", "--constraints", "constraints.json",
        "-o", "held.json")
    validator(folder, "plan").validate(json.loads((work / "held.json").read_text(encoding="utf-8")))
    validator(folder, "constraints").validate(CONSTRAINTS)
    expect_refusals(validator(folder, "constraints"), CONSTRAINTS, [
        (["schema"], None), (["apart", 0], ["a"]), (["excluded_ranks"], [-1]), (["pinned"], 1),
        (["tables", 0, "constraints", "rank"], 1), (["tables", 0, "name"], None)])
    validator(folder, "tables").validate(TABLES)
    validator(folder, "topology").validate(TOPOLOGY)
    validator(folder, "topology").validate({"schema": "shardwright.topology/1", **plan["topology"]})
    validator(folder, "plan").validate(plan)
    for document in (rating, failed, json.loads(run("rate", "plan.json", "--json"))):
        validator(folder, "rating").validate(document)

    # Plans with distinct rows, and certificates of several kinds.
    rows = ["plan", "tables.json", "--topology", "2xcpu-1MiB", "--unique-rows", "all", "-o", "rows.json"]
    validator(folder, "rating").validate(json.loads(run(*rows, "--json")))
    with_rows = json.loads((work / "rows.json").read_text(encoding="utf-8"))
    assert with_rows["unique_rows"] == ["a", "b"]
    validator(folder, "plan").validate(with_rows)
    validator(folder, "explanation").validate(json.loads(run("explain", "rows.json", "--json")))
    kinds = []
    for ranks in ("2xcpu-1kB", "2xcpu-100kB", "2xcpu-160kB"):
        claim = json.loads(run("plan", "free.json", "--topology", ranks, "--types", "table_wise", "--json", code=4))
        validator(folder, "rating").validate(claim)
        kinds.append(claim["certificate"]["kind"])
    assert kinds == ["batch", "total", "largest_shard"], kinds

    expect_refusals(validator(folder, "tables"), TABLES, [
        (["schema"], "shardwright.plan/1"), (["tables", 0, "dim"], 6), (["tables", 0, "rows"], 0),
        (["tables", 0, "row"], 5), (["tables", 1, "dtype"], "int8"), (["tables", 1, "name"], None)])
    expect_refusals(validator(folder, "plan"), plan, [
        (["shards", 0, "type"], "diagonal"), (["shards", 0, "col_end"], 3), (["topology"], None),
        (["plan_id"], "x"), (["extra"], 1), (["topology", "ranks", 0, "speed"], 0)])
    expect_refusals(validator(folder, "rating"), rating, [(["status"], "fine"), (["cost_ms"], None)])
    written = {
        "exchange": json.loads(run("export", "plan.json", "--to", "csv", "-o", "plan.csv", "--json")),
        "explanation": json.loads(run("explain", "plan.json", "--json")),
        "diff": json.loads(run("diff", "plan.json", "held.json", "--json")),
        "sweep": json.loads(run("sweep", "tables.json", "--topologies", "2xcpu-1MiB,2xcpu-1kB", "--batch-sizes", "64",
                               "--json")),
    }
    wrong = {
        "exchange": [(["form"], "onnx"), (["losses"], None), (["losses", 0], 1)],
        "explanation": [(["tables", 0, "binds"], "luck"), (["per_rank", 0, "total_ms"], None), (["extra"], 1)],
        "diff": [(["per_rank", 0, "sent_bytes"], -1), (["tables_unchanged"], None), (["before"], "x")],
        "sweep": [(["points", 0, "status"], "fine"), (["points", 0, "ranks"], 0), (["points"], None)],
    }
    for name, document in written.items():
        validator(folder, name).validate(document)
        expect_refusals(validator(folder, name), document, wrong[name])
    print("9 schemas hold for the files that were written, and refuse what is wrong")


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
