"""Writes files of every layout, chunk index, filter and link storage that h5py makes, and the values they must give.

python3 layouts.py FOLDER   (h5py 3.7.0, HDF5 1.10.8)
expected.json: path -> [dtype, shape, sha256 of the C-order little-endian bytes; for texts of the texts joined with LF].
"""

import hashlib
import json
import sys

import h5py
import numpy as np

folder = sys.argv[1]
FILTERS = {
    'plain': {},
    'gzip': dict(compression='gzip', compression_opts=1),
    'shuffle-gzip': dict(compression='gzip', shuffle=True),
    'fletcher': dict(fletcher32=True),
    'all': dict(compression='gzip', shuffle=True, fletcher32=True),
    'lzf': dict(compression='lzf'),
}


def fill(f):
    d = (np.arange(12 * 9 * 5, dtype='u2') % 97).reshape(12, 9, 5)
    for name, options in FILTERS.items():
        f.create_dataset(f'fixed/{name}', data=d, chunks=(3, 4, 5), **options)
        f.create_dataset(f'growing/{name}', data=d, chunks=(3, 4, 5), maxshape=(None, 9, 5), **options)
        f.create_dataset(f'growing-second/{name}', data=d, chunks=(3, 4, 5), maxshape=(12, None, 5), **options)
        f.create_dataset(f'growing-both/{name}', data=d, chunks=(3, 4, 5), maxshape=(None, None, 5), **options)
        f.create_dataset(f'single/{name}', data=d, chunks=(12, 9, 5), **options)
        f.create_dataset(f'doubles/{name}', data=d[:4].astype('f8') / 3, chunks=(3, 4, 2), **options)
    f.create_dataset('many', data=np.arange(1500, dtype='u1'), chunks=(1,), maxshape=(None,))
    f.create_dataset('many-fixed', data=np.arange(1500, dtype='u1'), chunks=(1,))
    sparse = f.create_dataset('sparse', (100, 10), 'f4', chunks=(5, 5), maxshape=(None, 10), fillvalue=np.nan)
    sparse[37, 3] = 5
    sparse[99, 9] = 1
    paged = f.create_dataset('sparse-paged', (3000,), 'u1', chunks=(1,), fillvalue=7)
    paged[2321], paged[17] = 5, 3
    far = f.create_dataset('sparse-far', (50000,), 'u1', chunks=(1,), maxshape=(None,), fillvalue=7)
    far[4321], far[49999] = 5, 1
    shrunk = f.create_dataset('shrunk', data=d, chunks=(3, 4, 5), maxshape=(None, None, 5))
    shrunk.resize((7, 5, 5))
    grown = f.create_dataset('grown', data=d, chunks=(3, 4, 5), maxshape=(None, None, 5))
    grown.resize((17, 11, 5))
    grown[16, 10] = 3
    wide = f.create_group('wide')
    for i in range(200):
        wide.create_group(f'group-{i:03d}-μ')
    f['wide-soft'] = h5py.SoftLink('/wide/group-003-μ')
    attributes = f.create_group('attributes').attrs
    for i in range(40):
        attributes[f'number {i}'] = np.arange(i % 5 + 1)
    attributes['text'] = 'x' * 500
    attributes['texts'] = ['a', 'bé', '']
    space = h5py.h5s.create_simple((5, 6))
    values = np.arange(30, dtype='i4').reshape(5, 6)
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    h5py.h5d.create(f.id, b'compact', h5py.h5t.STD_I32LE, space, compact).write(h5py.h5s.ALL, h5py.h5s.ALL, values)
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((2, 3))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    h5py.h5d.create(f.id, b'implicit', h5py.h5t.STD_I32LE, space, early).write(h5py.h5s.ALL, h5py.h5s.ALL, values)
    f['named-type'] = np.dtype('i4')
    f.create_dataset('of-named-type', data=np.arange(4), dtype=f['named-type'])
    f.create_dataset('texts', data=['μ' * i for i in range(60)], dtype=h5py.string_dtype())
    f.create_dataset('texts-chunked', data=['μ' * i for i in range(60)], dtype=h5py.string_dtype(), chunks=(7,), compression='gzip')
    f.create_dataset('texts-never-written', (10,), dtype=h5py.string_dtype(), chunks=(3,), maxshape=(None,))
    f.create_dataset('never-written', (10,), 'i4', fillvalue=4)
    f.create_dataset('scalar', data=3.5)
    f.create_dataset('scalar-text', data='hä')


def virtual(f):
    shape = (12, 9, 5)
    layout = h5py.VirtualLayout((12, 2, 9, 5), 'u2')
    for i, name in enumerate(['layouts-latest.h5', 'layouts-earliest.h5']):
        source = h5py.VirtualSource(name, 'fixed/gzip', shape)
        layout[:5, i] = source[:5]
        layout[7:12, i] = source[7:]
    f.create_virtual_dataset('modules', layout, fillvalue=9)
    layout = h5py.VirtualLayout((12, 9, 5), 'u2')
    layout[:] = h5py.VirtualSource('gone.h5', 'x', shape)
    f.create_virtual_dataset('gone', layout, fillvalue=5)
    layout = h5py.VirtualLayout((60,), h5py.string_dtype())
    layout[:30] = h5py.VirtualSource('layouts-latest.h5', 'texts', (60,))[30:]
    f.create_virtual_dataset('texts', layout)
    layout = h5py.VirtualLayout((12, 2, 9, 5), 'u2')
    layout[:] = h5py.VirtualSource('.', 'modules', (12, 2, 9, 5))
    f.create_virtual_dataset('nested', layout)
    layout = h5py.VirtualLayout((12 * 9, 5), 'u2')
    layout[:] = h5py.VirtualSource('layouts-latest.h5', 'growing/plain', shape)
    f.create_virtual_dataset('cells-as-frames', layout)
    layout = h5py.VirtualLayout((6, 9, 5), 'u2')
    layout[:] = h5py.VirtualSource('layouts-latest.h5', 'growing/plain', shape)[::2]
    f.create_virtual_dataset('strided', layout)
    f['external'] = h5py.ExternalLink('layouts-latest.h5', '/fixed')


def summary(dataset):
    values = dataset[()]
    if h5py.check_string_dtype(dataset.dtype):
        texts = [values] if np.ndim(values) == 0 else list(values.ravel())
        texts = [t.decode() if isinstance(t, bytes) else (t or '') for t in texts]
        return ['string', list(dataset.shape), hashlib.sha256('\n'.join(texts).encode()).hexdigest()]
    values = np.ascontiguousarray(values)
    return [values.dtype.str, list(dataset.shape), hashlib.sha256(values.tobytes()).hexdigest()]


expected = {}
files = {'layouts-earliest.h5': dict(libver='earliest'), 'layouts-latest.h5': dict(libver='latest'),
         'layouts-user-block.h5': dict(libver='earliest', userblock_size=1024)}
for name, options in files.items():
    with h5py.File(f'{folder}/{name}', 'w', **options) as f:
        fill(f)
with h5py.File(f'{folder}/layouts-virtual.h5', 'w', libver='latest') as f:
    virtual(f)
for name in [*files, 'layouts-virtual.h5']:
    found = expected[name] = {}
    with h5py.File(f'{folder}/{name}') as f:
        f.visititems(lambda path, item: found.__setitem__('/' + path, summary(item)) if isinstance(item, h5py.Dataset) else None)
with open(f'{folder}/expected.json', 'w') as out:
    json.dump(expected, out, indent=0)
