"""Reads a checkpoint's shards and an exported file with the safetensors library: the same values in both.

    read_checkpoint.py CHECKPOINT EXPORTED
"""

import json
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file

folder, exported = pathlib.Path(sys.argv[1]), load_file(sys.argv[2])
index = json.loads((folder / "index.json").read_text())
files = {entry["file"]: load_file(folder / entry["file"]) for entry in index["files"]}
compared = 0
for table in index["tables"]:
    weight = exported[table["name"] + ".weight"]
    assert weight.shape == (table["rows"], table["dim"]), weight.shape
    for shard in table["shards"]:
        rows = slice(shard["row_begin"], shard["row_end"])
        columns = slice(shard["col_begin"], shard["col_end"])
        tensors = files[shard["file"]]
        np.testing.assert_array_equal(tensors[shard["name"] + "/weights"], weight[rows, columns])
        assert [part["name"] for part in table["state"]] == ["square_sum"] and table["state"][0]["per"] == "row"
        state = exported[table["name"] + ".square_sum"]
        np.testing.assert_array_equal(tensors[shard["name"] + "/state"][:, 0], state[rows])
        assert state.any(), "a state of zeros proves nothing"
        compared += 2
for name, values in files[index["dense"]].items():
    name = name.replace("/state", ".square_sum")
    np.testing.assert_array_equal(values, exported[name])
    compared += 1
print(f"Python reads {compared} tensors alike from {len(files)} files and from the exported one")
