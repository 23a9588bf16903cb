"""Tensors as a case records them, in the form of the fixtures' case.json."""

import base64

import numpy as np


def record(name: str, value) -> dict:
    """A tensor as JSON: little-endian bytes in base64; what is no NumPy type (bfloat16) is widened to float32.

    Each of the strings comes after its length in four bytes.
    """
    value = np.asarray(value)
    if value.dtype.kind == "O":
        strings = b"".join(len(one).to_bytes(4, "little") + one for one in value.ravel())
        data = base64.b64encode(strings).decode()
        return {"name": name, "dtype": "string", "shape": list(value.shape), "data": data}
    if value.dtype.kind == "V" or value.dtype.name == "bfloat16":
        value = value.astype("float32")
    little = value.astype(value.dtype.newbyteorder("<"), copy=False)
    return {
        "name": name,
        "dtype": value.dtype.name,
        "shape": list(value.shape),
        "data": base64.b64encode(little.tobytes()).decode(),
    }


def decode(tensor: dict) -> np.ndarray:
    """The array that was recorded."""
    return np.frombuffer(base64.b64decode(tensor["data"]), tensor["dtype"]).reshape(tensor["shape"])


def flat(structure) -> list:
    """The leaves of nested lists and dicts, in Keras's order."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flat(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in flat(part)]
    return [structure]
