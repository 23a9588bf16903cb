"""Makes types.h5 and lzf.h5 beside this file, as h5py writes them: python test/keras/make_hdf5.py

Needs h5py, numpy and ml_dtypes.
"""

from pathlib import Path

import h5py
import ml_dtypes
import numpy as np

HERE = Path(__file__).parent
VALUES = [[1.5, -2.0, 0.25], [3.0, 65504.0, -0.0]]

with h5py.File(HERE / "types.h5", "w") as file:
    file.attrs["text"] = "naïve"
    file.attrs["bytes"] = "naïve".encode()
    file.attrs["fixed"] = np.array([b"kernel:0", b"bias:0"])
    file.attrs["texts"] = ["a", "bé"]
    file.attrs["none"] = np.array([], dtype="S1")
    file.attrs["number"] = 7
    file.attrs["numbers"] = np.array([1.5, 2.5])
    for kind in ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8"):
        file.create_dataset(kind, data=np.array(VALUES, dtype=kind))
    for kind in ("<i1", "<u1", ">i2", "<u2", "<i4", ">u4", ">i8", "<u8"):
        file.create_dataset(kind, data=np.array([[1, 2, 3], [4, 5, 100]], dtype=kind))
    file.create_dataset("bool", data=np.array([True, False]))
    file.create_dataset("bfloat16", data=np.array([1.5, -2, 0.25], dtype=ml_dtypes.bfloat16)).attrs["dtype"] = "bfloat16"
    options = {"chunks": (7,), "compression": "gzip", "shuffle": True, "fletcher32": True}
    file.create_dataset("gzip", data=np.arange(100, dtype="f4"), **options)
    file.create_dataset("strings", data=["a", "b"])

with h5py.File(HERE / "lzf.h5", "w") as file:
    file.create_dataset("x", data=np.zeros(10), chunks=(10,), compression="lzf")
