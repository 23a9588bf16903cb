"""Writes models of keras.applications as real Keras saves them, with random weights.

Usage: python bench/make_models.py FOLDER [NAME ...]

Each goes into FOLDER/<name in lower case>/model.keras, ResNet50 if none is named; ResNet50 with the card that Keras's
preprocessing asks for.
"""
import json
import pathlib
import sys

import keras

for name in sys.argv[2:] or ["ResNet50"]:
    folder = pathlib.Path(sys.argv[1]) / name.lower()
    folder.mkdir(parents=True, exist_ok=True)
    getattr(keras.applications, name)(weights=None).save(folder / "model.keras")
    if name == "ResNet50":
        card = {"name": "resnet50", "image": {"size": [224, 224], "interpolation": "bicubic", "scaling": "caffe"}}
        (folder / "serve.json").write_text(json.dumps(card, indent=2) + "\n")
