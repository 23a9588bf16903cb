"""Writes a text classifier as real Keras saves it, with random weights, and a text to ask it about.

Usage: python bench/make_text_model.py FOLDER

The model is that of TensorFlow's tutorial on basic text classification: 10,000 words, texts of up to 250 of them, an embedding of 16
numbers, their average, and here two classes. FOLDER/text.json has a text of 120 words, some of which it doesn't know,
and FOLDER/instances.json the same as a row.
"""
import json
import pathlib
import sys

import keras
import numpy as np

random = np.random.default_rng(16)
syllables = [first + second for first in "bdfgklmnprst" for second in "aeiou"]
words = sorted({"".join(random.choice(syllables, length)) for length in random.integers(1, 6, 20_000)})
random.shuffle(words)
words = words[:9_998]

text = keras.Input((1,), dtype="string", name="text")
numbers = keras.layers.TextVectorization(max_tokens=10_000, output_sequence_length=250, vocabulary=words)(text)
x = keras.layers.Embedding(10_000, 16)(numbers)
x = keras.layers.Dropout(0.2)(x)
x = keras.layers.GlobalAveragePooling1D()(x)
x = keras.layers.Dropout(0.2)(x)
model = keras.Model(text, keras.layers.Dense(2, activation="softmax")(x))

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
said = [*random.choice(words, 112), *(f"unknown{number}" for number in range(8))]
random.shuffle(said)
sentences = [" ".join(said[start : start + 12]).capitalize() for start in range(0, len(said), 12)]
text = ". ".join(sentences) + "!"
(folder / "text.json").write_text(json.dumps({"text": text}))
(folder / "instances.json").write_text(json.dumps({"instances": [[text]]}))
model.save(folder / "model.keras")
