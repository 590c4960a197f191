#!/usr/bin/env python3
"""Turns Parquet files into arrays that `shardwright data numpy` reads. Needs pyarrow, nothing else.

    python3 parquet_to_numpy.py train.parquet -o arrays --label click
    shardwright data numpy arrays -o out --padding-id=-1

Columns of integers and of lists of integers are ids, one feature each; columns of floating-point numbers are dense
features; --ids and --dense choose others. Streams: memory is that of 65,536 rows of one column.
"""
import argparse
import array
import os
import sys
import zipfile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROWS = 65536  # read at a time
PADDING = -1  # in bags that are shorter than the longest


def is_list(kind):
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def is_ids(kind):
    return pa.types.is_integer(kind.value_type if is_list(kind) else kind)


def fail(path, column, complaint):
    sys.exit(f"{path}: column {column}: {complaint}")


def npy_header(descr, shape):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape!r}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin1")


def values_of(values, kind):
    """The bytes of an array without nulls, as numbers of `kind`."""
    values = pc.cast(values, kind)
    width = kind.bit_width // 8
    return memoryview(values.buffers()[1])[values.offset * width:(values.offset + len(values)) * width]


def columns_of(file, names):
    """The record batches of some columns."""
    return file.iter_batches(batch_size=ROWS, columns=names)


def write_labels(path, file, label, out):
    with open(out, "wb") as stream:
        stream.write(npy_header("<f4", (file.metadata.num_rows,)))
        for batch in columns_of(file, [label]):
            if batch.column(0).null_count:
                fail(path, label, "a label is null, expected 0 or 1")
            stream.write(values_of(batch.column(0), pa.float32()))


def write_dense(file, names, out):
    """Row by row; what is null becomes 0."""
    with open(out, "wb") as stream:
        stream.write(npy_header("<f4", (file.metadata.num_rows, len(names))))
        for batch in columns_of(file, names):
            rows = array.array("f", bytes(4 * len(batch) * len(names)))
            for i, name in enumerate(names):
                filled = pc.fill_null(pc.cast(batch.column(name), pa.float32()), 0)
                rows[i::len(names)] = array.array("f", bytes(values_of(filled, pa.float32())))
            stream.write(rows)


def longest_bag(file, name):
    lengths = (pc.max(pc.list_value_length(batch.column(0))).as_py() for batch in columns_of(file, [name]))
    return max([length for length in lengths if length is not None], default=0)


def padded(column, length):
    """The ids of each row, as many as the longest bag has; what is null or missing is padding."""
    if is_list(column.type):
        column = pc.cast(column, pa.large_list(pa.int64()))
        bags = pc.list_slice(column, 0, length, return_fixed_size_list=True)
        column = bags.values.slice(bags.offset * length, len(bags) * length)
    return pc.cast(column, pa.int64())


def write_ids(path, file, names, out):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in names:
            lists = is_list(file.schema_arrow.field(name).type)
            length = max(longest_bag(file, name), 1) if lists else 1
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                stream.write(npy_header("<i8", (file.metadata.num_rows, length)))
                for batch in columns_of(file, [name]):
                    ids = padded(batch.column(0), length)
                    least = pc.min(ids).as_py()
                    if least is not None and least < 0:
                        fail(path, name, f"an id is {least}, expected 0 or more")
                    stream.write(values_of(pc.fill_null(ids, PADDING), pa.int64()))


def choose(path, schema, given, allowed, label):
    names = [field.name for field in schema if field.name != label and allowed(field.type)]
    for name in given or []:
        if name not in schema.names:
            fail(path, name, f"there is none, expected one of {', '.join(schema.names)}")
    return given if given is not None else names


def convert(path, label, dense, ids, out):
    file = pq.ParquetFile(path)
    schema = file.schema_arrow
    choose(path, schema, [label], is_ids, label)
    dense = choose(path, schema, dense, pa.types.is_floating, label)
    ids = choose(path, schema, ids, is_ids, label)
    for name in ids:
        if not is_ids(schema.field(name).type):
            fail(path, name, f"ids of type {schema.field(name).type}, expected integers or lists of them")
    if not ids:
        sys.exit(f"{path}: no column of integers is there for ids")
    stem = os.path.join(out, os.path.splitext(os.path.basename(path))[0])
    write_labels(path, file, label, f"{stem}_labels.npy")
    if dense:
        write_dense(file, dense, f"{stem}_dense.npy")
    write_ids(path, file, ids, f"{stem}_sparse_multi_hot.npz")
    print(f"{stem}: {file.metadata.num_rows} samples, dense {','.join(dense) or 'none'}, ids {','.join(ids)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE", help="Parquet files, a run of samples each")
    parser.add_argument("-o", "--output", required=True, help="folder for the arrays")
    parser.add_argument("--label", required=True, help="column of labels, 0 or 1")
    words = lambda text: [word for word in text.split(",") if word]
    parser.add_argument("--dense", type=words, help="columns, instead of all of floating-point numbers: A,B")
    parser.add_argument("--ids", type=words, help="columns, instead of all others of integers or lists: A,B")
    options = parser.parse_args()
    os.makedirs(options.output, exist_ok=True)
    for path in options.files:
        convert(path, options.label, options.dense, options.ids, options.output)


if __name__ == "__main__":
    main()
