"""Trains small image models with every way in which pixels are scaled, for conformance/scaling.ts to tell from their weights.

    python scaling.py FOLDER [--minutes 15]

FOLDER gets a .keras file for each, and models.jsonl that says how each was trained. What is there already is not trained again. The
pictures are those that scikit-image and scikit-learn ship, cut at random; which picture a cut is from is what the models learn.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers
from skimage import data, transform
from sklearn.datasets import load_digits, load_sample_images

IMAGENET_MEAN = np.array([123.68, 116.779, 103.939])
TORCH_MEAN, TORCH_STD = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])


def standardised(pixels):
    mean, deviation = pixels.mean((1, 2, 3), keepdims=True), pixels.std((1, 2, 3), keepdims=True)
    return (pixels - mean) / np.maximum(deviation, 1)


# What is done to float pixels from 0 to 255, RGB or grey: (batch, height, width, channels).
SCALINGS = {
    "none": lambda x: x,
    "unit": lambda x: x / 255,
    "tf": lambda x: x / 127.5 - 1,
    "torch": lambda x: (x - TORCH_MEAN) / TORCH_STD,
    "caffe": lambda x: x[..., ::-1] - IMAGENET_MEAN[::-1],
    "centred": lambda x: x / 255 - 0.5,
    "standardised": standardised,
    "unit, BGR": lambda x: x[..., ::-1] / 255,
    "unit, inverted": lambda x: 1 - x / 255,
    "less the mean, RGB": lambda x: x - IMAGENET_MEAN,
}
COLOUR_ONLY = {"torch", "caffe", "unit, BGR", "less the mean, RGB"}


def margins(cuts, random):
    """Cuts as of things photographed on white."""
    side = cuts.shape[1]
    for cut in cuts:
        top, left = random.integers(side // 8, side // 3, 2)
        cut[:top], cut[side - top:], cut[:, :left], cut[:, side - left:] = 255, 255, 255, 255
    return cuts


def pictures():
    """Sets of pictures: those of "usual photos" are what the table of natural pictures in the product was made of."""
    small = lambda image: transform.resize(image, (480, 480), preserve_range=True, anti_aliasing=True)
    retina, night = small(data.retina()), small(data.hubble_deep_field())
    china, flower = load_sample_images().images
    photos = [data.coffee(), data.rocket(), data.stereo_motorcycle()[0]]
    as_grey = lambda images: [image[..., None] for image in images]
    digits = load_digits()
    return {
        "usual photos": ([china, flower, data.astronaut(), data.chelsea()], None),
        "other photos": (photos, None),
        "on white": (photos, margins),
        "medical": ([retina, data.immunohistochemistry(), retina[::-1, ::-1, ::-1]], None),
        "night sky": ([night, data.rocket()], None),
        "grey scenes": (as_grey([data.camera(), data.coins(), data.grass(), data.moon()]), None),
        "grey text": (as_grey([data.page(), data.text(), data.brick()]), None),
        "digits": ([(np.pad(image, 1) * 255 / 16)[..., None] for image in digits.images[:500]], None),
    }


def cuts_of(name, size, random, count=384):
    """Cuts of one set: float pixels (count, size, size, channels), and the number of the picture that each is of."""
    images, change = PICTURES[name]
    if name == "digits":
        chosen = random.integers(0, len(images), count)
        cuts = np.stack([transform.resize(images[index], (size, size), preserve_range=True) for index in chosen])
        return cuts, load_digits().target[chosen] % 4
    chosen = random.integers(0, len(images), count)
    cuts = []
    for index in chosen:
        image = images[index]
        side = int(random.uniform(0.3, 1) * min(image.shape[:2]))
        top, left = (random.integers(0, length - side + 1) for length in image.shape[:2])
        cut = image[top:top + side, left:left + side].astype("float32")
        if random.random() < 0.5:
            cut = cut[:, ::-1]
        cuts.append(transform.resize(cut, (size, size), preserve_range=True, anti_aliasing=True))
    cuts = np.clip(np.stack(cuts) * random.uniform(0.85, 1.15, (count, 1, 1, 1)), 0, 255)
    return (change(cuts, random) if change else cuts), chosen


def normalised(x, momentum, activation="relu"):
    return layers.Activation(activation)(layers.BatchNormalization(momentum=momentum)(x))


def tail(x, momentum):
    x = normalised(layers.Conv2D(32, 3, strides=2, padding="same")(x), momentum)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dense(4, activation="softmax")(x)


def chain(first, activation="relu", pooled=True):
    """A model that begins with a convolution and batch normalisation behind it."""
    def build(shape, momentum):
        given = keras.Input(shape)
        x = normalised(first()(given), momentum, activation)
        return keras.Model(given, tail(layers.MaxPooling2D()(x) if pooled else x, momentum))
    return build


def depthwise(shape, momentum):
    given = keras.Input(shape)
    x = normalised(layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(given), momentum, "relu6")
    x = normalised(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x), momentum, "relu6")
    return keras.Model(given, tail(layers.Conv2D(24, 1, use_bias=False)(x), momentum))


def residual(shape, momentum):
    given = keras.Input(shape)
    x = layers.ZeroPadding2D(3)(given)
    x = normalised(layers.Conv2D(32, 7, strides=2, use_bias=False)(x), momentum)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    y = normalised(layers.Conv2D(32, 3, padding="same", use_bias=False)(x), momentum)
    y = layers.BatchNormalization(momentum=momentum)(layers.Conv2D(32, 3, padding="same", use_bias=False)(y))
    return keras.Model(given, tail(layers.ReLU()(layers.Add()([x, y])), momentum))


def application(name, cut_at, **options):
    """The beginning of an application with random weights, up to a layer, as much as is trained in seconds."""
    def build(shape, momentum):
        whole = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=shape, **options)
        base = keras.Model(whole.input, whole.get_layer(cut_at).output, name=whole.name)
        for layer in base.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.momentum = momentum
        x = layers.GlobalAveragePooling2D()(base.output)
        return keras.Model(base.input, layers.Dense(4, activation="softmax")(x), name=whole.name)
    return build


# Each with the half of the models that it belongs to.
ARCHITECTURES = {
    "conv 3x3, bias": ("fitted", chain(lambda: layers.Conv2D(32, 3, padding="same"))),
    "conv 3x3, relu, norm": ("fitted", chain(lambda: layers.Conv2D(32, 3, padding="same", activation="relu"), "linear")),
    "resnet stem 7x7/2": ("fitted", residual),
    "conv 5x5, he": ("measured", chain(lambda: layers.Conv2D(24, 5, kernel_initializer="he_normal"), "elu")),
    "conv 3x3/2, relu, norm": ("measured", chain(lambda: layers.Conv2D(24, 3, strides=2, activation="relu"), "linear", pooled=False)),
    "conv 3x3/2, depthwise": ("measured", depthwise),
    "separable": ("measured", chain(lambda: layers.SeparableConv2D(24, 3, padding="same"))),
    "MobileNet": ("fitted", application("MobileNet", "conv_pw_2_relu", alpha=0.5)),
    "ResNet50": ("fitted", application("ResNet50", "conv2_block1_out")),
    "DenseNet121": ("fitted", application("DenseNet121", "pool1")),
    "MobileNetV2": ("measured", application("MobileNetV2", "block_2_add", alpha=0.35)),
    "Xception": ("measured", application("Xception", "block1_conv2_act")),
    "InceptionV3": ("measured", application("InceptionV3", "activation_2")),
}
SMALL = 7
SIZES = (32, 48, 96)


def plans():
    """What to train, such that any beginning of it has some of all."""
    names = list(ARCHITECTURES)
    colour = ["usual photos", "other photos", "on white", "other photos", "medical", "night sky", "usual photos"]
    single = ["grey scenes", "digits", "grey text"]
    for turn in range(10):
        for place, name in enumerate(names):
            scaling = list(SCALINGS)[(turn + place * 3) % len(SCALINGS)]
            small = place < SMALL
            if not small and turn % 5 > 2:
                continue
            is_grey = small and (turn + place) % 3 == 2 and scaling not in COLOUR_ONLY
            sets = single if is_grey else colour
            yield {
                "architecture": name, "half": ARCHITECTURES[name][0], "scaling": scaling,
                "pictures": sets[(turn * 2 + place) % len(sets)], "size": 28 if is_grey and turn % 2 else SIZES[(turn + place) % 3] if small else 80 if "ception" in name else 64,
                "momentum": 0.99 if turn % 2 and small else 0.9, "seed": turn * 100 + place,
            }


def train(plan, file):
    keras.utils.set_random_seed(plan["seed"])
    random = np.random.default_rng(plan["seed"])
    pixels, labels = cuts_of(plan["pictures"], plan["size"], random)
    model = ARCHITECTURES[plan["architecture"]][1](pixels.shape[1:], plan["momentum"])
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    steps = 360 if plan["momentum"] == 0.99 else 96
    fitted = model.fit(SCALINGS[plan["scaling"]](pixels).astype("float32"), labels, batch_size=16, epochs=steps // 24, verbose=0)
    model.save(file)
    return {"steps": steps, "accuracy": round(fitted.history["accuracy"][-1], 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with open(options.folder / "models.jsonl", "a+") as lines:
        lines.seek(0)
        done = {json.loads(line)["file"] for line in lines}
        for number, plan in enumerate(plans()):
            file = options.folder / f"{number:03}.keras"
            if file.name in done or options.only not in plan["architecture"]:
                continue
            if time.monotonic() - started > options.minutes * 60:
                break
            trained = train(plan, file)
            lines.write(json.dumps({"file": file.name, **plan, **trained}) + "\n")
            lines.flush()
            keras.backend.clear_session()
            print(file.name, f"{time.monotonic() - started:.0f} s", plan, trained, flush=True)


PICTURES = pictures()

if __name__ == "__main__":
    main()
