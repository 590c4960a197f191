#!/usr/bin/env python3
"""Writes the arrays that the tests of `shardwright data numpy` read, as numpy itself writes them.

    python3 tests/data/make_numpy.py FOLDER

day_2 and day_10: one id a feature. hot/: bags, once stored, once deflated, once in a zip64 archive.
"""
import os
import sys
import zipfile

import numpy as np


def labels(n):
    return np.arange(n) % 2


def dense(n):
    return (np.arange(3 * n).reshape(n, 3) - 4) * 0.25


def ids(n):
    return np.arange(2 * n).reshape(n, 2) * 7 % 11


def bags(n):
    return {"0": np.arange(3 * n).reshape(n, 3) % 5, "1": np.arange(n).reshape(n, 1), "2": np.arange(n) * 1000}


def save(path, array, version=None):
    with open(path, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


def save_hot(folder, write, types):
    os.makedirs(folder, exist_ok=True)
    save(f"{folder}/labels.npy", labels(4).astype(types[0]), (3, 0))
    save(f"{folder}/dense.npy", dense(4).astype(types[1]), (2, 0))
    write(f"{folder}/sparse_multi_hot.npz", {k: v.astype(types[2]) for k, v in bags(4).items()})


def write_zip64(path, arrays):
    limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 1, 1
    np.savez(path, **arrays)
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits


folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for day, n, label_type, id_type in ((2, 4, np.int32, np.int32), (10, 3, np.float32, np.int64)):
    np.save(f"{folder}/day_{day}_labels.npy", labels(n).astype(label_type).reshape(n, 1))
    np.save(f"{folder}/day_{day}_dense.npy", dense(n).astype(np.float32))
    np.save(f"{folder}/day_{day}_sparse.npy", ids(n).astype(id_type))
save_hot(f"{folder}/hot/stored", lambda path, arrays: np.savez(path, **arrays), (np.int64, np.float16, np.int32))
save_hot(f"{folder}/hot/deflated", lambda path, arrays: np.savez_compressed(path, **arrays),
         (bool, np.float64, np.int64))
save_hot(f"{folder}/hot/zip64", write_zip64, (np.uint8, np.int32, np.int16))
