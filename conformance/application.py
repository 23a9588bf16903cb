"""Makes a model of keras.applications with random weights, and records what Keras answers.

    python conformance/application.py MobileNetV2 <folder> [--suffix .h5]

Writes `model.keras` (or `.h5`) and `model.case.json` into the folder. The weights are those of Keras's initialisers made to
matter: biases, scales and offsets are random, the statistics of batch normalisation are those of a random batch and then
shaken, and the classifier is scaled so that its probabilities differ. How far the answer moves when the last bit of the
input changes is noted: a network of random weights can magnify rounding, and then says little. An answer that does not depend on the input, or
that is not finite, is an error: it would prove nothing.
"""

import argparse
import inspect
import json
import os
import sys
import zlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from tensors import record  # noqa: E402

ROWS = 2

SCALES_INPUT = ("EfficientNet", "ConvNeXt", "MobileNetV3")
"""Applications that take pixels from 0 to 255 and scale them themselves; the others take them already scaled."""


def applications() -> dict:
    """Every model function of keras.applications by its name."""
    return {
        name: function
        for name, function in sorted(vars(keras.applications).items())
        if name[0].isupper() and inspect.isfunction(function)
    }


def leaves(model):
    """The layers of a model, nested ones included."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaves(layer)
        else:
            yield layer


def is_branch(layer) -> bool:
    """Whether what the layer gives is added to something, at once or behind a Dropout."""
    consumers = [node.operation for node in layer._outbound_nodes]
    return any(
        isinstance(consumer, keras.layers.Add) or (isinstance(consumer, keras.layers.Dropout) and is_branch(consumer))
        for consumer in consumers
    )


def shake(model, images, random: np.random.Generator) -> None:
    """Gives the model weights that matter to its answer."""
    layers = list(leaves(model))
    normalised = any(isinstance(layer, (keras.layers.BatchNormalization, keras.layers.LayerNormalization)) for layer in layers)
    for layer in layers:
        if type(layer) is keras.layers.Normalization:
            continue
        for weight in layer.weights:
            kind = type(layer).__name__
            if weight.name == "gamma":
                # Small in the branches of residual networks, as training leaves them: else rounding grows with the depth.
                low, high = (0.1, 0.4) if kind == "LayerScale" or is_branch(layer) else (0.8, 1.2)
                weight.assign(random.uniform(low, high, weight.shape))
            elif weight.name in ("beta", "bias"):
                weight.assign(random.normal(0, 0.1, weight.shape))
            elif weight.name == "kernel" and not normalised:
                weight.assign(keras.initializers.HeNormal(int(random.integers(1 << 30)))(weight.shape))
    batches = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    drops = [layer for layer in layers if isinstance(layer, keras.layers.Dropout)]
    if batches:
        settings = [(layer, "momentum", layer.momentum) for layer in batches] + [(layer, "rate", layer.rate) for layer in drops]
        for layer, name, _ in settings:
            setattr(layer, name, 0.0)
        model(images, training=True)
        for layer, name, value in settings:
            setattr(layer, name, value)
        for layer in batches:
            spread = np.sqrt(np.asarray(layer.moving_variance) + 1e-3)
            layer.moving_mean.assign(layer.moving_mean + spread * random.normal(0, 0.03, spread.shape))
            layer.moving_variance.assign(layer.moving_variance * random.uniform(0.95, 1.05, spread.shape))
    classifier = layers[-1] if layers[-1].weights else next(layer for layer in reversed(layers) if layer.weights)
    head = keras.Model(model.inputs, classifier.input)
    logits = np.asarray(head(images, training=False)).reshape(ROWS, -1) @ np.asarray(classifier.kernel).reshape(-1, classifier.bias.shape[0])
    classifier.kernel.assign(classifier.kernel * (2 / logits.std()))


def draw(shape, random: np.random.Generator) -> np.ndarray:
    """Images that a deep network tells from one another: patches of random colours, coarse in one and fine in the next."""
    height, width, channels = shape
    rows = []
    for patches in (5, 29)[:ROWS]:
        colours = random.uniform(0, 255, (patches, patches, channels))
        rows.append(colours[np.arange(height) * patches // height][:, np.arange(width) * patches // width])
    noise = random.uniform(-20, 20, (ROWS, *shape))
    return np.clip(np.stack(rows) + noise, 0, 255).astype("float32")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("folder")
    parser.add_argument("--suffix", default=".keras", choices=[".keras", ".h5"])
    options = parser.parse_args()

    keras.utils.set_random_seed(zlib.crc32(options.name.encode()) % (1 << 31))
    random = np.random.default_rng(zlib.crc32(options.name.encode()))
    model = applications()[options.name](weights=None)
    if None in model.input_shape[1:]:
        model = applications()[options.name](weights=None, input_shape=(224, 224, 3))
    images = draw(model.input_shape[1:], random)
    if not options.name.startswith(SCALES_INPUT):
        images = images / 127.5 - 1
    shake(model, images, random)
    output = np.asarray(model(images, training=False))
    if not np.isfinite(output).all():
        raise SystemExit(f"{options.name}: the answer is not finite")
    apart = np.abs(output[0] - output[1]).max() / np.abs(output).max()
    if apart < 0.05:
        raise SystemExit(f"{options.name}: the answer hardly depends on the input ({apart:.1e})")
    nudged = images * (1 + random.choice([-1.2e-7, 0, 1.2e-7], images.shape))
    rounding = np.abs(np.asarray(model(nudged.astype("float32"), training=False)) - output).max() / output.max()
    file = "model" + options.suffix
    model.save(os.path.join(options.folder, file))
    case = {
        "model": file,
        "kind": {".keras": "keras", ".h5": "hdf5"}[options.suffix],
        "version": keras.__version__,
        "keras": f"keras {keras.__version__}",
        "parameters": model.count_params(),
        "apart": float(apart),
        "sensitivity": float(rounding),
        "inputs": [record(model.inputs[0].name, images)],
        "outputs": [record("output_0", output)],
    }
    with open(os.path.join(options.folder, "model.case.json"), "w") as out:
        json.dump(case, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
