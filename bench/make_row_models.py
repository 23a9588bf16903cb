"""Writes a model of a table's rows and a recurrent one as real Keras saves them, with random weights, and what to ask each.

Usage: python bench/make_row_models.py FOLDER

FOLDER/table: 13 numbers, two layers of 64, three classes. FOLDER/rnn: 50 steps of 8 numbers, an LSTM of 64, one number.
Each has model.keras, and instances.json with one row.
"""
import json
import pathlib
import sys

import keras
import numpy as np

random = np.random.default_rng(20)


def save(name, model, row):
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "instances.json").write_text(json.dumps({"instances": [row.round(4).tolist()]}))
    model.save(folder / "model.keras")


dense = [keras.layers.Dense(64, activation="relu") for _ in range(2)]
table = keras.Sequential([keras.Input((13,)), *dense, keras.layers.Dense(3, activation="softmax")])
save("table", table, random.normal(size=13))

rnn = keras.Sequential([keras.Input((50, 8)), keras.layers.LSTM(64), keras.layers.Dense(1)])
save("rnn", rnn, random.normal(size=(50, 8)))
