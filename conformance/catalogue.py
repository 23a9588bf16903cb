"""Prints what there is to conform to, as JSON: Keras's version, the models of keras.applications and the layers."""

import inspect
import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
from application import applications  # noqa: E402

names = {}
for name, value in vars(keras.layers).items():
    if inspect.isclass(value) and issubclass(value, keras.layers.Layer) and value is not keras.layers.Layer:
        # Of several names of a class, such as AvgPool2D and AveragePooling2D, its own.
        if value not in names or name == value.__name__:
            names[value] = name
layers = sorted(names.values())
print(json.dumps({"version": keras.__version__, "applications": list(applications()), "layers": layers}))
