"""Times h5py on the large runs: python3 run_files_peer.py RAW CORRECTED. Prints JSON {name: {ms, crc32}}; crc32 of what was read."""

import json
import sys
import time
import zlib

import h5py
import numpy as np

raw_folder, corrected_folder = sys.argv[1:3]
N = 7
results = {}


def measure(name, call, check):
    call()
    times = []
    for _ in range(N):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    results[name] = {'ms': 1e3 * sorted(times)[N // 2], 'crc32': zlib.crc32(check())}


raw = [h5py.File(f'{raw_folder}/RAW-R0001-AGIPD{m:02d}-S00000.h5', 'r') for m in range(16)]
data = [f[f'INSTRUMENT/SPB_DET_AGIPD1M-1/DET/{m}CH0:xtdf/image/data'] for m, f in enumerate(raw)]
out = np.empty(data[0].shape, data[0].dtype)
measure('module', lambda: data[0].read_direct(out), lambda: out)

stack = np.empty((16, 64, 2, 512, 128), 'u2')


def train():
    for m in range(16):
        stack[m] = data[m][128:192]


measure('train', train, lambda: stack)

corrected = h5py.File(f'{corrected_folder}/CORR-R0001-AGIPD00-S00000.h5', 'r')
image = corrected['INSTRUMENT/SPB_DET_AGIPD1M-1/CORR/0CH0:output/image']
for key in ['mask', 'maskShuffled', 'gain']:
    values = np.empty(image[key].shape, image[key].dtype)
    measure(key, lambda: image[key].read_direct(values), lambda: values)
print(json.dumps(results))
