"""Makes the other files of this folder: what keras.applications knows of each of its models.

    python models/applications/make.py

Needs keras 3 and tensorflow. Every model is built as `weights="imagenet"` builds it (EfficientNet is another network
without them); what Keras would then download is noted, and neither fetched nor loaded.

`<name>.json.gz` is `model.to_json()`. `applications.json` says of each model its name, parameters, the size of its images,
the mode of its `preprocess_input` ("none" where the model scales by itself), and the file with its weights as Keras hands
it to `keras.utils.get_file`: name, address, hash. A few have none.
"""

import gzip
import importlib
import inspect
import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras.applications import imagenet_utils  # noqa: E402
from keras.src.utils import file_utils  # noqa: E402

HERE = Path(__file__).resolve().parent
DEFAULT_SIZE = 224
"""What the models that take images of any size were trained on."""

asked = []
"""What the model that is being built asked for."""


def get_file(fname, origin, cache_subdir, file_hash=None):
    if cache_subdir != "models":
        raise SystemExit(f"{fname} is kept in {cache_subdir}")
    asked.append({"file": fname, "url": origin, **({"hash": file_hash} if file_hash else {})})
    return fname


def scaling(function):
    """The mode of `preprocess_input` in the module of an application, told by what it does to some pixels."""
    preprocess = importlib.import_module(function.__module__).preprocess_input
    pixels = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 3)).astype("float32")
    modes = {mode: imagenet_utils.preprocess_input(pixels.copy(), mode=mode) for mode in ("caffe", "tf", "torch")}
    modes["none"] = pixels
    result = preprocess(pixels.copy())
    return next(mode for mode, expected in modes.items() if np.array_equal(result, expected))


def describe(name, function):
    keras.backend.clear_session()
    asked.clear()
    model = function(weights="imagenet")
    (weights,) = asked
    if model.output_shape != (None, 1000):
        raise SystemExit(f"{name} gives {model.output_shape}")
    text = model.to_json()
    (HERE / f"{name.lower()}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    size = [length or DEFAULT_SIZE for length in model.input_shape[1:3]]
    print(name, size, weights["file"])
    return {"name": name, "parameters": model.count_params(), "size": size, "scaling": scaling(function), "weights": weights}


def main():
    file_utils.get_file = get_file
    keras.Model.load_weights = lambda model, path: None
    functions = {
        name: value
        for name, value in sorted(vars(keras.applications).items())
        if name[0].isupper() and inspect.isfunction(value)
    }
    applications = [describe(name, function) for name, function in functions.items()]
    lines = ",\n  ".join(json.dumps(application) for application in applications)
    text = f'{{\n "keras": "{keras.__version__}",\n "applications": [\n  {lines}\n ]\n}}\n'
    (HERE / "applications.json").write_text(text)


if __name__ == "__main__":
    main()
