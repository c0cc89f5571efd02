"""One measured client of bridge.bench.ts on pyzmq: train_receiver.py ENDPOINT REQ|SUB|PULL WARM-UP COUNT SECONDS."""
import json
import resource
import struct
import sys
import time
import zlib

import zmq

endpoint, kind, warm_up, count, seconds = sys.argv[1:]
socket = zmq.Context().socket(getattr(zmq, kind))
socket.linger = 0
socket.sndhwm = socket.rcvhwm = 1
socket.connect(endpoint)
if kind == "SUB":
    socket.subscribe(b"")


def receive():
    if kind == "REQ":
        socket.send(b"next")
    return socket.recv_multipart(copy=False)


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


crc = 0
for i in range(int(warm_up)):
    parts = receive()
    if i == 0:
        for part in parts[1:]:
            crc = zlib.crc32(part.buffer, crc)
started, cpu = time.perf_counter(), cpu_seconds()
trains = missed = 0
last = None
while trains < int(count) and time.perf_counter() - started < float(seconds):
    parts = receive()
    trains += 1
    size = sum(len(part) for part in parts)
    number, = struct.unpack("<d", parts[0].bytes)
    if last is not None:
        missed += int(number - last - 1)
    last = number
elapsed = time.perf_counter() - started
print(json.dumps({"crc": crc, "bytes": size, "trains": trains, "missed": missed, "elapsed": elapsed,
                  "cpuMs": 1000 * (cpu_seconds() - cpu), "peak": 0, "growth": 0}))
