"""Writes ResNet50 as real Keras saves it, with random weights and the card that Keras's preprocessing asks for.

Usage: python bench/make_models.py FOLDER
"""
import json
import pathlib
import sys

import keras

folder = pathlib.Path(sys.argv[1]) / "resnet50"
folder.mkdir(parents=True, exist_ok=True)
keras.applications.ResNet50(weights=None).save(folder / "model.keras")
card = {"name": "resnet50", "image": {"size": [224, 224], "interpolation": "bicubic", "scaling": "caffe"}}
(folder / "serve.json").write_text(json.dumps(card, indent=2) + "\n")
