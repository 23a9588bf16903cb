"""Write settings.json beside this file: the config of every layer of Keras, as it is by default.

    python test/keras/make_settings.py
"""

import inspect
import json
import os
import re
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import tf_keras

REQUIRED = {
    "activation": "relu", "axes": 1, "bin_boundaries": [1.0, 2.0], "cropping": 1, "dims": (2, 1), "equation": "ab,bc->ac", "factor": 1,
    "fill_value": 0, "filters": 2, "head_dim": 2, "height": 4, "height_factor": 0.1, "input_dim": 4, "kernel_size": 2, "key_dim": 2,
    "max_number": 3, "n": 2, "num_bins": 4, "num_heads": 2, "num_key_value_heads": 2, "num_query_heads": 2, "num_tokens": 4,
    "output_dim": 3, "output_shape": 3, "output_size": 2, "pool_size": 2, "rate": 0.1, "scale": 2.0, "stddev": 0.1,
    "target_shape": (2, 2), "units": 2, "width": 4, "width_factor": 0.1,
}
"""Values for parameters that have no default."""

OPTIONAL = {"CategoryEncoding": {"num_tokens": 4}, "Discretization": {"bin_boundaries": [1.0, 2.0]}, "IntegerLookup": {"vocabulary": [1, 2]}}
"""Values without which a layer can't be made."""

WRAPPERS = {
    "Bidirectional": lambda layers: layers.LSTM(2),
    "Pipeline": lambda layers: [layers.Rescaling(2.0)],
    "RNN": lambda layers: layers.LSTMCell(2),
    "SpectralNormalization": lambda layers: layers.Dense(2),
    "StackedRNNCells": lambda layers: [layers.LSTMCell(2)],
    "TimeDistributed": lambda layers: layers.Dense(2),
}

NO_LAYERS = {"DenseFeatures", "FlaxLayer", "InputLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper", "Wrapper"}
"""Made of code, files or others' objects."""

TRAINING = re.compile("(_initializer|_regularizer|_constraint)$")


def made(layers, cls):
    if cls.__name__ in WRAPPERS:
        return cls(WRAPPERS[cls.__name__](layers))
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    needed = [one.name for one in parameters if one.default is one.empty and one.kind == one.POSITIONAL_OR_KEYWORD]
    return cls(**{name: REQUIRED[name] for name in needed if name in REQUIRED}, **OPTIONAL.get(cls.__name__, {}))


def configs(framework):
    layers = framework.layers
    classes = {one.__name__: one for one in vars(layers).values() if inspect.isclass(one) and issubclass(one, layers.Layer)}
    for name in sorted(set(classes) - NO_LAYERS):
        config = made(layers, classes[name]).get_config()
        yield name, {key: value for key, value in config.items() if not TRAINING.search(key)}


found = {framework.__version__: dict(configs(framework)) for framework in (keras, tf_keras)}
text = json.dumps(found, default=str, separators=(",", ":"))
Path(__file__).with_name("settings.json").write_text(text + "\n")
print({version: len(layers) for version, layers in found.items()}, len(text))
