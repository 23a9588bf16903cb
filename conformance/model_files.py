"""Finds Keras model files in a folder, says what they are, and loads them with real Keras."""

import contextlib
import io
import json
import os
import re
import tempfile
import zipfile
from dataclasses import dataclass

import h5py
import numpy as np

HDF5, ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
SUFFIXES = (".h5", ".hdf5", ".keras", ".json")


class NoReference(Exception):
    """Real Keras gives no answer for this file."""


@dataclass
class ModelFile:
    """A model file, and what it says of itself before anything in it is built."""

    path: str
    kind: str  # keras, hdf5, architecture, tensorflowjs, weights, unknown
    config: dict | None = None
    version: str = ""
    weights: str | None = None

    @property
    def classes(self) -> set:
        """Every class that the config names."""
        found = set()

        def visit(node):
            if isinstance(node, dict):
                if isinstance(node.get("class_name"), str):
                    found.add(node["class_name"])
                for value in node.values():
                    visit(value)
            elif isinstance(node, list):
                for value in node:
                    visit(value)

        visit(self.config)
        return found


def text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def inspect(path: str) -> ModelFile:
    """What the file at `path` is, by its content."""
    with open(path, "rb") as file:
        head = file.read(8)
    if head[:4] == ZIP:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "config.json" not in names:
                return ModelFile(path, "unknown")
            metadata = json.loads(archive.read("metadata.json")) if "metadata.json" in names else {}
            return ModelFile(path, "keras", json.loads(archive.read("config.json")), metadata.get("keras_version", ""))
    if head == HDF5:
        with h5py.File(path) as file:
            version = text(file.attrs.get("keras_version", ""))
            if "model_config" not in file.attrs:
                return ModelFile(path, "weights", None, version)
            return ModelFile(path, "hdf5", json.loads(text(file.attrs["model_config"])), version)
    if path.endswith(".json"):
        with open(path, "rb") as file:
            content = json.loads(file.read())
        if isinstance(content, str):
            content = json.loads(content)
        if "weightsManifest" in content:
            topology = content.get("modelTopology") or {}
            config = topology.get("model_config", topology)
            if not isinstance(config, dict) or "class_name" not in config:
                return ModelFile(path, "unknown")
            return ModelFile(path, "tensorflowjs", config, text(topology.get("keras_version", "")))
        if "class_name" in content:
            return ModelFile(path, "architecture", content, text(content.get("keras_version", "")))
    return ModelFile(path, "unknown")


def words(path: str) -> set:
    """The words of a file's name: what `svdd_weights.h5` shares with `svdd_architecture.json`."""
    return set(re.split(r"[\W_]+", os.path.basename(path).lower())[:-1])


def find(folder: str) -> list:
    """Every model file below `folder`; an architecture goes with the weights beside it."""
    found = []
    for base, folders, names in os.walk(folder):
        folders.sort()
        here = []
        for name in sorted(names):
            if not name.lower().endswith(SUFFIXES) or name.endswith((".case.json", "metadata.json")):
                continue
            path = os.path.join(base, name)
            try:
                here.append(inspect(path))
            except Exception:  # a damaged file is a case too
                here.append(ModelFile(path, "unknown"))
        weights = [file.path for file in here if file.kind == "weights"]
        for file in here:
            if file.kind == "architecture":
                likeness = lambda path: (len(words(path) & words(file.path)), "weights" in words(path))  # noqa: E731
                file.weights = max(weights, key=likeness, default=None)
                if file.weights and not words(file.weights) & words(file.path):
                    file.weights = None
        paired = {file.weights for file in here if file.weights}
        found += [file for file in here if file.path not in paired and (file.kind != "unknown" or not file.path.endswith(".json"))]
    return found


QUANTIZED = {"uint8": np.uint8, "uint16": np.uint16, "float16": np.float16}


def read_manifest(path: str) -> dict:
    """The weights of a TensorFlow.js model by name, in the manifest's order."""
    with open(path) as file:
        manifest = json.load(file)["weightsManifest"]
    weights = {}
    for group in manifest:
        data = b"".join(open(os.path.join(os.path.dirname(path), shard), "rb").read() for shard in group["paths"])
        offset = 0
        for entry in group["weights"]:
            quantization = entry.get("quantization")
            dtype = np.dtype(QUANTIZED[quantization["dtype"]] if quantization else entry["dtype"])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            value = np.frombuffer(data, dtype, count, offset).reshape(entry["shape"])
            offset += count * dtype.itemsize
            if quantization:
                value = value.astype(entry["dtype"])
                if "scale" in quantization:
                    value = value * quantization["scale"] + quantization["min"]
            weights[entry["name"]] = value
    return weights


def for_inference(config):
    """A config without what only training needs, which TensorFlow.js writes in words that Keras does not know."""
    if isinstance(config, dict):
        training = ("_initializer", "_regularizer", "_constraint")
        return {key: for_inference(value) for key, value in config.items() if not key.endswith(training)}
    return [for_inference(value) for value in config] if isinstance(config, list) else config


CUDNN = {"CuDNNLSTM": {"recurrent_activation": "sigmoid"}, "CuDNNGRU": {"recurrent_activation": "sigmoid", "reset_after": True}}
"""What the layers for graphics cards alone are on any machine."""


def runnable(config):
    """A config that today's Keras can run here: layers of CuDNN by their common names, numbers out of NumPy's wrapping."""
    if isinstance(config, list):
        return [runnable(value) for value in config]
    if not isinstance(config, dict):
        return config
    if config.get("type") == "ndarray" and "value" in config:
        return config["value"]
    config = {key: runnable(value) for key, value in config.items()}
    if config.get("class_name") in CUDNN:
        name = config["class_name"]
        return {**config, "class_name": name[5:], "config": {**config["config"], **CUDNN[name]}}
    return config


def assign(model, weights: dict) -> None:
    """Give the variables of `model` their weights by the layer's name and the variable's last name."""

    def visit(layer):
        parts = [part for part in getattr(layer, "layers", [])]
        if parts:
            for part in parts:
                visit(part)
            return
        mine = [name for name in weights if layer.name in name.split("/")[:-1]]
        for variable in layer.weights:
            path = getattr(variable, "path", variable.name).split(":")[0]
            ends = [name for name in mine if name.split("/")[-1] == path.split("/")[-1]]
            for side in ("forward", "backward"):
                if len(ends) > 1 and side in path:
                    ends = [name for name in ends if side in name]
            if len(ends) != 1:
                raise NoReference(f"no one weight for {path} among {len(ends)}")
            variable.assign(weights[ends[0]].reshape(variable.shape))

    visit(model)


def members(group) -> dict:
    """What is in an HDF5 group by portable names: tf.keras on Windows wrote `layers\\dense` for `layers/dense`."""
    found = {}
    for name, item in group.items():
        first, _, rest = name.partition("\\")
        if rest:
            found.setdefault(first, {})[rest] = item
        elif isinstance(found.get(first), dict):
            found[first].update(item)
        else:
            found[name] = item if isinstance(item, h5py.Dataset) else dict(item)
    return found


def renumbered(names) -> dict:
    """`conv2d`, `conv2d_2`, `conv2d_4` to `conv2d`, `conv2d_1`, `conv2d_2`: tf.keras 2.12 and 2.13 counted by two."""
    numbers = {}
    for name in names:
        number = re.fullmatch(r"(.*?)(?:_(\d+))?", name)
        numbers.setdefault(number[1], []).append((int(number[2] or 0), name))
    return {
        name: base if index == 0 else f"{base}_{index}"
        for base, found in numbers.items()
        for index, (_, name) in enumerate(sorted(found))
    }


def copy_portably(old, new) -> None:
    """Copies a group of weights under the names that tf.keras 2.15 and later look for."""
    for name, item in members(old).items():
        if isinstance(item, h5py.Dataset):
            new[name] = item[()]
        elif name == "_layer_checkpoint_dependencies":
            inner = new.require_group("layers")
            names = renumbered(item.keys())
            copy_portably({names[key]: value for key, value in item.items()}, inner)
        else:
            copy_portably(item, new.require_group(name))


@contextlib.contextmanager
def portable(path: str):
    """The path of a `.keras` file that real Keras can read here, whatever version and system wrote it."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    weights = entries.get("model.weights.h5")
    if weights is None or not (b"layers\\" in weights or b"_layer_checkpoint_dependencies" in weights):
        yield path
        return
    changed = io.BytesIO()
    with h5py.File(io.BytesIO(weights)) as old, h5py.File(changed, "w") as new:
        copy_portably(old, new)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in {**entries, "model.weights.h5": changed.getvalue()}.items():
                archive.writestr(name, content)
        yield path


def load(file: ModelFile, framework):
    """The model, built by real Keras in `framework` (keras or tf_keras). Nothing is compiled, and no Lambda is read."""
    if file.kind == "keras":
        with portable(file.path) as path:
            return framework.saving.load_model(path, compile=False, safe_mode=True)
    if file.kind == "hdf5" and runnable(file.config) != file.config:
        model = framework.models.model_from_json(json.dumps(runnable(file.config)))
        model.load_weights(file.path)
        return model
    if file.kind == "hdf5":
        return framework.saving.load_model(file.path, compile=False, safe_mode=True)
    if file.kind == "architecture":
        if not file.weights:
            raise NoReference("an architecture without weights")
        model = framework.models.model_from_json(json.dumps(file.config))
        model.load_weights(file.weights)
        return model
    if file.kind == "tensorflowjs":
        kind = framework.Sequential if file.config["class_name"] == "Sequential" else framework.Model
        model = kind.from_config(for_inference(file.config)["config"])
        assign(model, read_manifest(file.path))
        return model
    raise NoReference({"weights": "weights without an architecture"}.get(file.kind, "no Keras model file"))
