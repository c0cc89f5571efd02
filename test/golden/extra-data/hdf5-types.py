"""Writes hdf5-types.h5: one dataset of every element type and layout. Made with h5py 3.7.0: python3 hdf5-types.py hdf5-types.h5"""

import sys

import h5py
import numpy as np

p = sys.argv[1]
with h5py.File(p,'w',libver='earliest') as f:
    for t in ['i1','i2','i4','i8','u1','u2','u4','u8','f2','f4','f8']:
        f['little/'+t]=np.arange(6).astype('<'+t).reshape(2,3)
        f['big/'+t]=np.arange(6).astype('>'+t).reshape(2,3)
    f['bool']=np.array([True,False,True])
    f['complex64']=np.array([1+2j,3-4j],dtype='c8')
    f['scalar']=np.float32(2.5)
    f['empty']=np.zeros((0,4),'u2')
    f.create_dataset('vlen-text',data=['ON','','μm'],dtype=h5py.string_dtype())
    f.create_dataset('fixed-text',data=np.array([b'abc',b'de',b''],dtype='S4'))
    f.create_dataset('scalar-text',data='hello',dtype=h5py.string_dtype())
    f.create_dataset('enum',data=np.array([1,2,1],'u2'),dtype=h5py.enum_dtype({'A':1,'B':2},basetype='u2'))
    f.create_dataset('records',data=np.array([[(1,2.5),(3,4.5)]],dtype=[('n','<i4'),('x','<f8')]))
    f.create_dataset('vlen-numbers',(2,),dtype=h5py.vlen_dtype('i4'))
    d=np.arange(8*6*5,dtype='u2').reshape(8,6,5)
    f.create_dataset('layout/contiguous',data=d)
    f.create_dataset('layout/chunked',data=d,chunks=(3,4,5))
    f.create_dataset('layout/gzip-shuffle',data=d,chunks=(1,6,5),compression='gzip',shuffle=True,maxshape=(None,6,5))
    f.create_dataset('layout/unallocated',(4,6,5),'u2',chunks=(1,6,5),fillvalue=7)
    g=f.create_group('links'); g['hard']=f['scalar']; g['soft']=h5py.SoftLink('/layout'); g['broken']=h5py.SoftLink('/nowhere'); g['external']=h5py.ExternalLink('gone.h5','/x')
    a=f['scalar'].attrs
    a['text']='μ'; a['fixed']=np.bytes_(b'mm'); a['number']=np.int32(3); a['list']=np.arange(3,dtype='f4'); a['big']=np.array([1,2],'>u2'); a['flag']=True; a['nothing']=h5py.Empty('f4')
