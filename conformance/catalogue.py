"""Prints what there is to conform to, as JSON: Keras's version, the models of keras.applications and the layers."""

import inspect
import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
from application import applications  # noqa: E402

layers = {
    value.__name__
    for value in vars(keras.layers).values()
    if inspect.isclass(value) and issubclass(value, keras.layers.Layer) and value is not keras.layers.Layer
}
print(json.dumps({"version": keras.__version__, "applications": list(applications()), "layers": sorted(layers)}))
