"""An independent peer of the Karabo bridge, protocols 1.0 and 2.2, on pyzmq: written from the protocol's description for the tests.

bridge-peer.py client ENDPOINT REQ|SUB|DEALER COUNT   asks for or takes COUNT messages, prints each as one line of JSON
bridge-peer.py server ENDPOINT REP|PUB|PUSH COUNT     sends COUNT messages of every type there is; prints each the same way
bridge-peer.py read ENDPOINT REQ|SUB|PULL FILE..      takes one message for each file (.kbm) and tells whether it is the one in the file
bridge-peer.py write ENDPOINT REP|PUB|PUSH FILE..     sends the message of a file, decoded and encoded anew, for each number on stdin
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
    if isinstance(value, np.generic):
        return {"scalar": value.dtype.str, "hex": value.tobytes().hex()}
    if isinstance(value, complex):
        return {"complex": struct.pack("<dd", value.real, value.imag).hex()}
    if isinstance(value, msgpack.ExtType):
        return {"ext": value.code, "hex": value.data.hex()}
    if isinstance(value, msgpack.Timestamp):
        return {"timestamp": value.to_bytes().hex()}
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
            sources[head["source"]] = (head.get("metadata"), msgpack.unpackb(body, raw=False))
        else:
            array = np.frombuffer(body, dtype=head["dtype"]).reshape(head["shape"])
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


def dtype_of(form):
    text = lambda name: name.decode() if isinstance(name, bytes) else name
    if not isinstance(form, list):
        return np.dtype(text(form))
    if len(form) == 1 and text(form[0][0]) == "":  # raw bytes without fields
        return np.dtype(text(form[0][1]))
    return np.dtype([(text(name), dtype_of(kind), *(tuple(each) for each in shape)) for name, kind, *shape in form])


def numpy_value(entries):
    """numpy's values in protocol 1.0: maps whose keys are bytes. Objects are pickles: they stay what they are, bytes."""
    if b"complex" in entries:
        return complex(entries[b"data"])
    if b"nd" not in entries or not isinstance(entries[b"data"], bytes):
        return entries
    form = entries[b"type"]
    if entries.get(b"kind") in (b"O", "O"):
        return {"pickle": entries[b"data"]}
    values = np.frombuffer(entries[b"data"], dtype_of(form))
    return values.reshape(entries[b"shape"]) if entries[b"nd"] else values[0]


def as_lists(value):
    return [as_lists(each) for each in value] if isinstance(value, (list, tuple)) else value


def numpy_map(value):
    if isinstance(value, np.ndarray):
        has_fields = value.dtype.kind == "V"
        form = as_lists(value.dtype.descr) if has_fields else value.dtype.str
        return {b"nd": True, b"type": form, b"kind": b"V" if has_fields else b"", b"shape": list(value.shape),
                b"data": value.tobytes()}
    if isinstance(value, np.generic):
        return {b"nd": False, b"type": value.dtype.str, b"data": value.tobytes()}
    if isinstance(value, complex):
        return {b"complex": True, b"data": repr(value)}
    raise TypeError(type(value))


def decode_any(parts):
    """Sources in order: (name, metadata, data)."""
    if len(parts) > 1:
        return decode(parts)
    whole = msgpack.unpackb(parts[0], raw=False, strict_map_key=False, object_hook=numpy_value)
    return [(name, None, data) for name, data in whole.items()]


def encode_any(sources, is_old):
    if not is_old:
        return encode(sources)
    pack = msgpack.Packer(use_bin_type=True, default=numpy_map, strict_types=True).pack
    return [pack({name: data for name, _, data in sources})]


def read_file(path):
    with open(path, "rb") as file:
        count, = struct.unpack("<I", file.read(4))
        return [file.read(struct.unpack("<Q", file.read(8))[0]) for _ in range(count)]


def count_values(sources):
    return sum(len(data) for _, _, data in sources)


def run_reader(endpoint, kind, files):
    socket = open_client(endpoint, kind)
    print("connected", flush=True)
    for path in files:
        if kind == "REQ":
            socket.send(b"next")
        got = decode_any(socket.recv_multipart())
        wanted = decode_any(read_file(path))
        is_same = [[name, plain(meta), plain(data)] for name, meta, data in got] == [
            [name, plain(meta), plain(data)] for name, meta, data in wanted]
        print(json.dumps([is_same, len(got), count_values(got)]), flush=True)


def run_writer(endpoint, kind, files):
    socket = zmq.Context().socket(getattr(zmq, kind))
    socket.linger = 5000
    socket.bind(endpoint)
    print("bound", flush=True)
    for line in sys.stdin:
        parts = read_file(files[int(line)])
        # hand-made files have forms that no writer makes
        if "/foreign/" not in files[int(line)]:
            parts = encode_any(decode_any(parts), len(parts) == 1)
        if kind == "REP":
            assert socket.recv() == b"next"
        socket.send_multipart(parts)


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


def open_client(endpoint, kind):
    socket = zmq.Context.instance().socket(getattr(zmq, kind))
    socket.linger = 0
    socket.rcvtimeo = 20000
    socket.connect(endpoint)
    if kind == "SUB":
        socket.subscribe(b"")
    return socket


def run_client(endpoint, kind, count):
    socket = open_client(endpoint, kind)
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
if what == "read":
    run_reader(endpoint, kind, sys.argv[4:])
elif what == "write":
    run_writer(endpoint, kind, sys.argv[4:])
elif what == "client":
    run_client(endpoint, kind, int(count))
else:
    run_server(endpoint, kind, int(count), train if what == "server" else big_train, "heartbeat" in sys.argv)
