"""Reads files with h5py and says what is in them: an independent reader for the tests of what Hutch writes.

hdf5-peer.py tell FILE..           every dataset and attribute of each file, one line of JSON a file
hdf5-peer.py compare NEW OLD..     the values of a run's file, train by train, with those of the files it was made of
"""
import hashlib
import json
import sys

import h5py
import numpy as np

SECTIONS = ("CONTROL", "INSTRUMENT", "REDUCTION", "ERRATA")


def texts(values):
    flat = [v.decode("utf8", "surrogateescape") if isinstance(v, bytes) else str(v) for v in np.ravel(values)]
    return {"texts": flat, "shape": list(np.shape(values))}


def plain(values, dtype=None):
    array = np.asarray(values)
    dtype = array.dtype if dtype is None else dtype
    if array.dtype.kind in "OSU" or h5py.check_string_dtype(dtype) is not None:
        return texts(values)
    if array.dtype.names:
        return {"fields": {name: plain(array[name]) for name in array.dtype.names}, "shape": list(array.shape)}
    raw = np.ascontiguousarray(array)
    if raw.dtype.byteorder == ">":
        raw = raw.astype(raw.dtype.newbyteorder("<"))
    return {"dtype": raw.dtype.str, "shape": list(array.shape), "sha256": hashlib.sha256(raw.tobytes()).hexdigest()}


def tell(path):
    found = {}
    with h5py.File(path, "r") as file:

        def visit(name, thing):
            about = {"attributes": {key: plain(value) for key, value in thing.attrs.items()}}
            if isinstance(thing, h5py.Dataset):
                about.update(value=plain(thing[()], thing.dtype), chunks=thing.chunks and list(thing.chunks))
                about.update(growing=thing.ndim > 0 and thing.maxshape[0] is None, virtual=bool(thing.is_virtual))
                about.update(gzip=thing.compression_opts if thing.compression == "gzip" else 0)
                about.update(shuffle=bool(thing.shuffle), fletcher32=bool(thing.fletcher32))
            found["/" + name] = about

        file.visititems(visit)
    return found


class Index:
    """Which rows of a key belong to which train, told by a file itself."""

    def __init__(self, path):
        self.file = h5py.File(path, "r")
        self.train_ids = self.file["INDEX/trainId"][:]

    def rows(self, section, source, group):
        index = self.file.get("/".join(["INDEX", source] + ([] if section == "CONTROL" else [group])))
        if index is None:
            return {}
        first, count = index["first"][:], index["count"][:]
        return {int(t): (int(f), int(c)) for t, f, c in zip(self.train_ids, first, count) if t and c}


def sources_of(file):
    """(section, source, group, key) of every dataset with a row a train or an entry."""
    found = []
    for section in SECTIONS:
        if section not in file:
            continue

        def visit(name, thing):
            if not isinstance(thing, h5py.Dataset):
                return
            parts = name.split("/")
            # A source's name ends with its channel; of auxiliary ones without, it is one word behind the aggregator.
            depth = next((i + 1 for i, part in enumerate(parts) if ":" in part), 1 if "@" in parts[0] else 3)
            source, key = "/".join(parts[:depth]), "/".join(parts[depth:])
            found.append((section, source, key.split("/")[0], key))

        file[section].visititems(visit)
    return found


def same(a, b):
    if a.dtype.names:
        return a.shape == b.shape and all(same(a[name], b[name]) for name in a.dtype.names)
    if a.dtype.kind == "O":
        return a.shape == b.shape and all(x == y for x, y in zip(a.ravel(), b.ravel()))
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def compare(new, olds):
    made, before = Index(new), [Index(old) for old in olds]
    keys = trains = 0
    wrong = []
    for section, source, group, key in sources_of(made.file):
        keys += 1
        path = "/".join([section, source, key])
        rows = made.rows(section, source, group)
        for train in map(int, made.train_ids):
            wanted = []
            for old in before:
                name = source.split("@")[-1]
                place = "/".join([section, name, key])
                if place not in old.file:
                    continue
                if "@" in source and f"-{source.split('@')[0]}-" not in old.file.filename:
                    continue
                first, count = old.rows(section, name, group).get(train, (0, 0))
                wanted.append(old.file[place][first : first + count])
            wanted = [part for part in wanted if len(part)]
            first, count = rows.get(train, (0, 0))
            got = made.file[path][first : first + count]
            trains += count > 0
            if len(wanted) > 1 or not same(got, wanted[0] if wanted else got[:0]):
                wrong.append(f"{path}, train {train}")
    return {"keys": keys, "trains": trains, "wrong": wrong[:20]}


if sys.argv[1] == "tell":
    for path in sys.argv[2:]:
        print(json.dumps(tell(path)))
else:
    print(json.dumps(compare(sys.argv[2], sys.argv[3:])))
