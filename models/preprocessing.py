"""What the `image` part of a model card means, said with Pillow.

The scripts that record reference tensors and predictions use this module; the server is then tested against
what they wrote.
"""

import numpy as np
from PIL import Image, ImageOps

INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

# `scaling` by name, as keras.applications.imagenet_utils.preprocess_input(mode=...) has it.
# Each is (pixel - mean) / std over pixels 0…255; "caffe" also turns RGB into BGR.
SCALINGS = {
    "none": ([0.0] * 3, [1.0] * 3),
    "tf": ([127.5] * 3, [127.5] * 3),
    "torch": ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]),
    "caffe": ([103.939, 116.779, 123.68], [1.0] * 3),
}


def decode(path):
    """An image file as upright 8-bit RGB: the first frame, turned as its EXIF orientation says."""
    image = Image.open(path)
    image.seek(0)
    return to_rgb(ImageOps.exif_transpose(image))


def to_rgb(image):
    """`convert("RGB")`, save for 16-bit grey, which Pillow clips at 255 instead of scaling: there, the high byte."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)).convert("RGB")
    return image.convert("RGB")


def resize(image, spec):
    """An RGB image at the card's size.

    "stretch" ignores the aspect ratio. "crop" keeps it: the image is scaled until it just covers
    `size / crop_fraction` (both rounded to whole pixels), then the centre is cut; of an odd pixel too many, the left or upper one goes.
    """
    height, width = spec["size"]
    kernel = INTERPOLATIONS[spec["interpolation"]]
    if spec["resize"] == "stretch":
        return image.resize((width, height), kernel)
    fraction = spec.get("crop_fraction", 1)
    scale = max(round(width / fraction) / image.width, round(height / fraction) / image.height)
    scaled = image.resize((round(image.width * scale), round(image.height * scale)), kernel)
    left, top = (scaled.width - width + 1) // 2, (scaled.height - height + 1) // 2
    return scaled.crop((left, top, left + width, top + height))


def scale(pixels, scaling):
    """uint8 RGB pixels as the float32 values that the model expects."""
    if isinstance(scaling, str):
        mean, std = SCALINGS[scaling]
        pixels = pixels[..., ::-1] if scaling == "caffe" else pixels
    else:
        mean, std = scaling["mean"], scaling["std"]
    return (pixels.astype(np.float32) - np.float32(mean)) / np.float32(std)


def tensor(path, spec):
    """An image file as the model's input: float32 of shape [1, height, width, 3]."""
    return scale(np.asarray(resize(decode(path), spec)), spec["scaling"])[np.newaxis]
