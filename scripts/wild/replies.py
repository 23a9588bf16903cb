"""What models give, in the form of a reply to /predict; of classes the likeliest alone, of a PNG some of its pixels."""

import numpy as np


def classes(scores, labels=None):
    best = int(np.argmax(scores))
    return [{"label": labels[best] if labels else str(best), "probability": float(scores[best])}]


def binary(score, labels, threshold=0.5):
    score = float(np.ravel(score)[0])
    second = score >= threshold
    return [{"label": labels[int(second)], "probability": score if second else 1 - score}]


def number(value, unit=None):
    return {"value": float(np.ravel(value)[0]), **({"unit": unit} if unit else {})}


def samples(array):
    """The mean of a picture, and a grid of its pixels: what is compared of a PNG."""
    height, width = array.shape[:2]
    at = [(height * row // 8, width * column // 8) for row in (1, 3, 5, 7) for column in (1, 3, 5, 7)]
    return {
        "width": width,
        "height": height,
        "png": {"mean": float(array.mean()), "pixels": [[y, x, *(int(value) for value in np.ravel(array[y, x]))] for y, x in at]},
    }


def picture(array, mean=0, std=255):
    return samples(np.rint(np.clip(array * std + mean, 0, 255)))


def mask(array, label, threshold=0.5):
    chosen = array[..., 0] >= threshold
    areas = [{"label": "background", "fraction": float(1 - chosen.mean())}, {"label": label, "fraction": float(chosen.mean())}]
    return {**samples(chosen * 255), "areas": sorted((area for area in areas if area["fraction"]), key=lambda area: -area["fraction"])}


def class_mask(array):
    chosen = array.argmax(-1)
    areas = [{"label": str(at), "fraction": float((chosen == at).mean())} for at in range(array.shape[-1])]
    return {**samples(chosen), "areas": sorted((area for area in areas if area["fraction"]), key=lambda area: -area["fraction"])}
