"""A DLRM in plain PyTorch, one process: trains a data folder of `shardwright data` for an epoch.

  plain_dlrm.py FOLDER --bottom 64,32 --top 128,64,1 --batch-size N --optimizer sgd|adagrad [--threads N]

As facebookresearch/dlrm has it: an EmbeddingBag with sparse gradients for every table, dot products of all pairs. Prints one JSON
document; samples_per_s counts the training loop with its reading.
"""

import argparse
import json
import os
import pathlib
import time

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch's own switch: its tables on huge pages, as ours
import numpy  # noqa: E402
import torch  # noqa: E402

LEARNING_RATE = 0.01


class DataFolder:
    """docs/data_format.md; its files stay on disk until a batch asks for them."""

    def __init__(self, folder):
        part = folder / "train"
        meta = json.loads((part / "meta.json").read_text())
        tables = {table["name"]: table for table in json.loads((folder / "tables.json").read_text())["tables"]}
        self.samples, self.num_dense = meta["samples"], len(meta["dense"])
        self.labels = numpy.memmap(part / "labels.f32", numpy.float32, "r")
        if self.num_dense:
            self.dense = numpy.memmap(part / "dense.f32", numpy.float32, "r").reshape(-1, self.num_dense)
        self.tables = [tables[feature["table"]] for feature in meta["features"]]
        self.offsets = [numpy.memmap(part / f"feature_{f}.offsets.u64", numpy.int64, "r") for f in range(len(self.tables))]
        self.ids = [numpy.memmap(part / f"feature_{f}.ids.i64", numpy.int64, "r") for f in range(len(self.tables))]

    def bags(self, begin, end):
        """(ids, where each bag begins) of every feature."""
        result = []
        for ids, offsets in zip(self.ids, self.offsets):
            begins = numpy.array(offsets[begin:end + 1])
            result.append((torch.from_numpy(numpy.array(ids[begins[0]:begins[-1]])), torch.from_numpy(begins[:-1] - begins[0])))
        return result

    def batch(self, begin, end):
        dense = torch.from_numpy(numpy.array(self.dense[begin:end])) if self.num_dense else None
        return dense, self.bags(begin, end), torch.from_numpy(numpy.array(self.labels[begin:end]))


def mlp(widths, last_is_plain):
    layers = []
    for before, after in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    return torch.nn.Sequential(*(layers[:-1] if last_is_plain else layers))


class Dlrm(torch.nn.Module):
    def __init__(self, data, bottom, top):
        super().__init__()
        dim = data.tables[0]["dim"]
        self.bags = torch.nn.ModuleList(
            torch.nn.EmbeddingBag(table["rows"], dim, mode=table.get("mode", "sum"), sparse=True,
                                  _weight=torch.empty(table["rows"], dim).uniform_(-table["rows"] ** -0.5, table["rows"] ** -0.5))
            for table in data.tables)
        self.bottom = mlp([data.num_dense, *bottom], False)
        vectors = len(data.tables) + 1
        self.pairs = torch.tril_indices(vectors, vectors, -1)
        self.top = mlp([dim + self.pairs.shape[1], *top], True)

    def forward(self, dense, bags):
        x = self.bottom(dense)
        pooled = [bag(ids, offsets) for bag, (ids, offsets) in zip(self.bags, bags)]
        vectors = torch.stack([x, *pooled], 1)
        dots = torch.bmm(vectors, vectors.transpose(1, 2))
        return self.top(torch.cat([x, dots[:, self.pairs[0], self.pairs[1]]], 1)).squeeze(1)


def train(data, model, optimizer, batch_size):
    """Loss of the last step."""
    loss_of = torch.nn.BCEWithLogitsLoss()
    for begin in range(0, data.samples, batch_size):
        dense, bags, labels = data.batch(begin, min(begin + batch_size, data.samples))
        optimizer.zero_grad()
        loss = loss_of(model(dense, bags), labels)
        loss.backward()
        optimizer.step()
    return loss.item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    for name in ("bottom", "top"):
        parser.add_argument(f"--{name}", type=lambda text: [int(n) for n in text.split(",")], required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--optimizer", choices=("sgd", "adagrad"), required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = DataFolder(options.folder)
    model = Dlrm(data, options.bottom, options.top)
    kind = {"sgd": torch.optim.SGD, "adagrad": torch.optim.Adagrad}[options.optimizer]
    optimizer = kind(model.parameters(), lr=LEARNING_RATE)
    start = time.perf_counter()
    loss = train(data, model, optimizer, options.batch_size)
    seconds = time.perf_counter() - start
    print(json.dumps({"samples": data.samples, "seconds": seconds, "samples_per_s": data.samples / seconds, "last_loss": loss}))


if __name__ == "__main__":
    main()
