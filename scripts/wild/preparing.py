"""What authors do with pictures, numbers and texts before their models get them."""

import math
import pathlib
import pickle
import re
import sys
from collections import UserList

import cv2
import joblib
import numpy as np
import pandas
import sklearn.compose._column_transformer
from keras.src.legacy.preprocessing.text import Tokenizer, tokenizer_from_json
from keras.utils import pad_sequences
from nltk.tokenize import NLTKWordTokenizer
from PIL import Image

root = pathlib.Path(__file__).resolve().parent.parent.parent
folder = pathlib.Path(sys.argv[1])

NEAREST, BILINEAR, BICUBIC, LANCZOS = (getattr(Image.Resampling, name) for name in ("NEAREST", "BILINEAR", "BICUBIC", "LANCZOS"))


def plain(question):
    """A question with its pictures opened and its waves worked out."""
    if isinstance(question, dict):
        if "file" in question:
            return Image.open(root / question["file"])
        if "wave" in question:
            shape = question["wave"]
            numbers = [
                question["mean"] + question["by"] * math.sin(i / 5 + j) for i in range(shape[0]) for j in range(shape[1] if len(shape) > 1 else 1)
            ]
            return np.reshape(numbers, shape)
        return {name: plain(value) for name, value in question.items()}
    return question


def pixels(picture, size, resample, mode="RGB"):
    """As Pillow resizes: height × width × channels, from 0 to 255."""
    array = np.asarray(picture.convert(mode).resize(size[::-1], resample), "float32")
    return array if array.ndim == 3 else array[..., None]


def opencv(picture, size):
    """As cv2.imread and cv2.resize make it: blue first."""
    return cv2.resize(np.asarray(picture.convert("RGB"))[..., ::-1], size[::-1]).astype("float32")


def scaled(name, rows, file="scaler.pkl"):
    return joblib.load(folder / name.replace("/", "+") / file).transform(np.asarray(rows, "float64"))


class _RemainderColsList(UserList):
    """A list of a ColumnTransformer's columns, which scikit-learn of 1.5 to 1.7 had as a class of its own."""


sklearn.compose._column_transformer._RemainderColsList = _RemainderColsList


def fitted_file(entry, file):
    return joblib.load(folder / entry["repository"].replace("/", "+") / file)


def framed(entry, rows, file):
    """Rows by a fitted object, as a data frame with its names where it knows any."""
    fitted = fitted_file(entry, file)
    names = getattr(fitted, "feature_names_in_", None)
    frame = pandas.DataFrame(rows) if isinstance(rows, list) else pandas.DataFrame(rows, columns=names)
    made = fitted.transform(frame if names is not None else frame.to_numpy())
    return made.toarray() if hasattr(made, "toarray") else np.asarray(made)


def stretched(picture):
    grey = np.asarray(picture.convert("L"), "float32")
    return cv2.resize((grey - grey.min()) / np.ptp(grey), (128, 128))[..., None]


def road(picture):
    """Without the sky and the car."""
    array = np.asarray(picture.convert("RGB"))
    return cv2.resize(array[60 : array.shape[0] - 25], (200, 66)).astype("float32") / 255 - 0.5


class Tokenizers(pickle.Unpickler):
    """Versions of Keras have their Tokenizer in other modules; all are as this one."""

    def find_class(self, module, name):
        return Tokenizer if name == "Tokenizer" else super().find_class(module, name)


def beside(entry):
    """The file that the card names."""
    (card,) = entry["card"]["inputs"].values()
    return (folder / entry["repository"].replace("/", "+") / entry["model"]).parent / card["tokenizer"]


def ids(entry, text, clean=True, **fitted):
    """As those do it who clean a text first: in lower case, signs made spaces; or as it is."""
    with open(beside(entry), "rb") as file:
        tokenizer = tokenizer_from_json(file.read()) if file.name.endswith(".json") else Tokenizers(file).load()
    return pad_sequences(tokenizer.texts_to_sequences([re.sub("[^a-z0-9]", " ", text.lower()) if clean else text]), **fitted)


def bag(entry, text):
    """As a chatbot of NLTK does it, of words that are their own lemmas: 1 for each that is in the text."""
    words = NLTKWordTokenizer().tokenize(text.lower())
    with open(beside(entry), "rb") as file:
        return np.array([[float(word in words) for word in pickle.load(file)]])
