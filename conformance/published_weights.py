"""Makes weights for a model of keras.applications as Keras publishes them, and records what Keras answers.

    python conformance/published_weights.py InceptionV3 <folder>

Writes `weights.h5` and `answer.json` into the folder. The file is written by Keras 2 (tf-keras), like those that Keras
publishes: in the layout by layers, where layers that number themselves are counted from another number than in a new
session. Keras 3 loads it as `weights="imagenet"` would, and classifies images as they come out of a decoder, through the
application's own `preprocess_input` and `decode_predictions`. The oldest of the published files are from Keras 1: for those models
the weights are called as Keras 1 called them, without a version.
"""

import argparse
import importlib
import json
import os
import tempfile
import zlib
from pathlib import Path

CLASSES = Path(__file__).resolve().parent.parent / "models" / "efficientnet-lite0" / "serve.json"
HOME = tempfile.TemporaryDirectory()
os.environ["KERAS_HOME"] = HOME.name

from application import ROWS, applications, draw, shake  # noqa: E402

import h5py  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tf_keras  # noqa: E402
from keras.src.utils import file_utils  # noqa: E402
from tensors import record  # noqa: E402

DEFAULT_SIZE = 224

KERAS_1 = ("VGG16", "VGG19", "Xception")
"""Models whose published weights Keras 1 wrote."""

KERAS_1_NAMES = {"kernel": "W", "bias": "b", "moving_mean": "running_mean", "moving_variance": "running_std"}


def build(name):
    """The network that `weights="imagenet"` makes, without the weights."""
    get_file, load_weights = file_utils.get_file, keras.Model.load_weights
    file_utils.get_file = lambda fname, *args, **kwargs: fname
    keras.Model.load_weights = lambda self, path: None
    try:
        return applications()[name](weights="imagenet")
    finally:
        file_utils.get_file, keras.Model.load_weights = get_file, load_weights


def keep_class_index():
    """Puts the class index, which Keras knows by its hash, to where Keras looks for it."""
    labels = json.loads(CLASSES.read_text())["labels"]
    index = {str(number): label for number, label in enumerate(labels)}
    os.makedirs(f"{HOME.name}/models")
    Path(HOME.name, "models", "imagenet_class_index.json").write_text(json.dumps(index))


def save_as_published(model, name, path):
    """Saves the weights of a model of Keras 3 with Keras 2."""
    tf_keras.backend.clear_session()
    for kind in ("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "Dense", "BatchNormalization", "LayerNormalization"):
        arguments = () if kind.endswith("Normalization") else (1,) if kind in ("Dense", "DepthwiseConv2D") else (1, 1)
        getattr(tf_keras.layers, kind)(*arguments)
    twin = getattr(tf_keras.applications, name)(weights=None)
    filled = [layer for layer in model.layers if layer.weights]
    twins = [layer for layer in twin.layers if layer.weights]
    if len(filled) != len(twins):
        raise SystemExit(f"{name} has {len(filled)} layers with weights, and {len(twins)} in Keras 2")
    for layer, other in zip(filled, twins):
        other.set_weights(layer.get_weights())
    twin.save_weights(path)
    return sum(layer.name != other.name for layer, other in zip(filled, twins))


def texts(group, attribute):
    return [text.decode() if isinstance(text, bytes) else text for text in group.attrs[attribute]]


def shorten_texts(path):
    """Gives the attributes of a file the texts of one length that they had for long."""
    with h5py.File(path, "r+") as file:
        groups = [file, *(file[layer] for layer in file)]
        for group in groups:
            for attribute in ("layer_names", "weight_names"):
                if attribute in group.attrs:
                    group.attrs[attribute] = [text.encode() for text in texts(group, attribute)]


def rename_as_keras1(path):
    """Gives a file of weights the names and the flat groups that Keras 1 made."""
    with h5py.File(path) as file, h5py.File(path + ".keras1", "w") as old:
        old.attrs["layer_names"] = file.attrs["layer_names"]
        for layer in texts(file, "layer_names"):
            group, names = old.create_group(layer), []
            for name in texts(file[layer], "weight_names"):
                variable = name.split("/")[-1].removesuffix(":0")
                names.append(f"{layer}_{KERAS_1_NAMES.get(variable, variable)}_1:0")
                group[names[-1]] = file[layer][name][()]
            group.attrs["weight_names"] = [name.encode() for name in names]
    os.replace(path + ".keras1", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("folder")
    options = parser.parse_args()
    name, folder = options.name, Path(options.folder)

    keep_class_index()
    keras.utils.set_random_seed(zlib.crc32(name.encode()) % (1 << 31))
    random = np.random.default_rng(zlib.crc32(name.encode()))
    module = importlib.import_module(applications()[name].__module__)
    model = build(name)
    size = [length or DEFAULT_SIZE for length in model.input_shape[1:3]]
    pixels = draw((*size, 3), random).round().astype("uint8")
    images = module.preprocess_input(pixels.astype("float32"))
    shake(model, images, random)
    weights = str(folder / "weights.h5")
    renamed = save_as_published(model, name, weights)
    shorten_texts(weights)
    if name in KERAS_1:
        rename_as_keras1(weights)

    fresh = build(name)
    fresh.load_weights(weights)
    scores = np.asarray(fresh(images, training=False))
    nudged = (images * (1 + random.choice([-1.2e-7, 0, 1.2e-7], images.shape))).astype("float32")
    rounding = np.abs(np.asarray(fresh(nudged, training=False)) - scores).max() / scores.max()
    apart = np.abs(scores[0] - scores[1]).max() / scores.max()
    if not np.isfinite(scores).all() or apart < 0.05:
        raise SystemExit(f"{name}: the answer hardly depends on the input ({apart:.1e})")
    top = [[label for _, label, _ in row] for row in module.decode_predictions(scores, top=5)]
    answer = {
        "rows": ROWS,
        "renamed": renamed,
        "rounding": float(rounding),
        "pixels": record("pixels", pixels),
        "scores": record("scores", scores),
        "top": top,
    }
    (folder / "answer.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
