"""An independent peer of the Karabo bridge, protocol 2.2, on pyzmq: written from the protocol's description for the tests.

bridge-peer.py client ENDPOINT REQ|SUB|DEALER COUNT   asks for or takes COUNT messages, prints each as one line of JSON
bridge-peer.py server ENDPOINT REP|PUB|PUSH COUNT     sends COUNT messages of every type there is; prints each the same way
bridge-peer.py big ENDPOINT REP|PUB|PUSH COUNT        sends COUNT trains of raw AGIPD, 64 pulses
Further words: heartbeat, a server that wants to hear PONG.
"""
import hashlib
import json
import struct
import sys
import time

import msgpack
import numpy as np
import zmq


def plain(value):
    """A value as JSON that loses no type."""
    if isinstance(value, np.ndarray):
        raw = np.ascontiguousarray(value)
        name = value.dtype.name if value.dtype.kind not in "US" else value.dtype.str
        return {"array": name, "shape": list(value.shape), "sha256": hashlib.sha256(raw.tobytes()).hexdigest()}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": struct.pack("<d", value).hex()}
    if isinstance(value, bytes):
        return {"bin": value.hex()}
    if isinstance(value, (list, tuple)):
        return {"list": [plain(each) for each in value]}
    return {"map": [[key, plain(each)] for key, each in value.items()]}


def say(sources):
    print(json.dumps([[name, plain(meta), plain(data)] for name, meta, data in sources]), flush=True)


def decode(parts):
    sources = {}
    for header, body in zip(parts[::2], parts[1::2]):
        head = msgpack.unpackb(header, raw=False)
        if head["content"] == "msgpack":
            sources[head["source"]] = (head["metadata"], msgpack.unpackb(body, raw=False))
        else:
            array = np.frombuffer(body, dtype=getattr(np, head["dtype"], head["dtype"])).reshape(head["shape"])
            sources[head["source"]][1][head["path"]] = array
    return [(name, meta, data) for name, (meta, data) in sources.items()]


def encode(sources):
    parts = []
    pack = msgpack.Packer(use_bin_type=True).pack
    for name, meta, data in sources:
        arrays = {key: value for key, value in data.items() if isinstance(value, np.ndarray)}
        parts.append(pack({"source": name, "content": "msgpack", "metadata": meta}))
        parts.append(pack({key: value for key, value in data.items() if key not in arrays}))
        for key, array in arrays.items():
            header = {"source": name, "content": "array", "path": key, "dtype": str(array.dtype), "shape": array.shape}
            parts.append(pack(header))
            parts.append(np.ascontiguousarray(array).data if array.size else b"")
    return parts


def train(number):
    tid = 10**10 + number
    meta = {"source": "A/DET/X", "timestamp": 1.5e9 + number, "timestamp.tid": tid, "timestamp.sec": "1500000000",
            "timestamp.frac": "000123456789012345"}
    random = np.random.default_rng(number)
    numbers = {}
    for name in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
                 "float64", "complex64", "complex128"):
        numbers[f"array.{name}"] = random.uniform(0, 100, (3, 2, 5)).astype(name)
    data = {
        "small": number, "negative": -(2**63), "largest": 2**64 - 1, "whole": 5.0, "minus zero": -0.0, "nan": float("nan"),
        "yes": True, "nothing": None, "text": "µ ∑ 😀", "bytes": b"\x00\xff", "list": [1, 2.0, "three", [4]],
        "map": {"a": 1, "b": {"c": None}}, **numbers,
        "empty": np.zeros((0, 4), "f4"), "none": np.array(2.5, "f4"), "one": np.array([7], "u8"),
        "text array": np.array([["ab", "c"], ["", "µ😀"]]), "bytes array": np.array([b"abc", b"d"]),
        "big-endian": np.arange(5, dtype=">u2"), "not contiguous": np.arange(20, dtype="i4").reshape(4, 5)[::2, ::-1],
    }
    return [("A/DET/X", meta, data), ("B/MOTOR/Y", {**meta, "source": "B/MOTOR/Y"}, {"actualPosition.value": 1.25})]


def big_train(number):
    data = np.empty((64, 2, 16, 512, 128), "u2")
    data[...] = (np.arange(512 * 128, dtype="u2") + 1000 * number).reshape(512, 128)
    data[-1, -1, -1, -1, -1] = 4242
    meta = {"source": "D/DET/APPEND", "timestamp.tid": 10**10 + number}
    return [("D/DET/APPEND", meta, {"image.data": data})]


def run_client(endpoint, kind, count):
    socket = zmq.Context().socket(getattr(zmq, kind))
    socket.linger = 0
    socket.rcvtimeo = 5000
    socket.connect(endpoint)
    if kind == "SUB":
        socket.subscribe(b"")
    if kind == "DEALER":
        # as a proxy does: several requests on their way, each with the address of who asked
        for number in range(count):
            socket.send_multipart([b"id %d" % number, b"", b"next"])
    for number in range(count):
        if kind == "REQ":
            socket.send(b"next")
        parts = socket.recv_multipart()
        if kind == "DEALER":
            assert parts[:2] == [b"id %d" % number, b""], parts[:2]
            parts = parts[2:]
        say(decode(parts))


def run_server(endpoint, kind, count, make, has_heartbeat):
    socket = zmq.Context().socket(getattr(zmq, kind))
    socket.linger = 5000
    socket.sndhwm = 1 if make is big_train else 1000
    if has_heartbeat:
        socket.heartbeat_ivl, socket.heartbeat_timeout, socket.heartbeat_ttl = 100, 300, 300
    socket.bind(endpoint)
    print("bound", flush=True)
    trains = [make(number) for number in range(min(count, 3))]
    messages = [encode(each) for each in trains]
    for number in range(count):
        if kind == "REP":
            assert socket.recv() == b"next"
        elif kind == "PUB" or has_heartbeat:
            time.sleep(0.2)
        socket.send_multipart(messages[number % 3], copy=make is not big_train)
        if make is not big_train:
            say(trains[number % 3])


what, endpoint, kind, count = sys.argv[1:5]
if what == "client":
    run_client(endpoint, kind, int(count))
else:
    run_server(endpoint, kind, int(count), train if what == "server" else big_train, "heartbeat" in sys.argv)
