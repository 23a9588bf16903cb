"""Writes MODEL.onnx beside MODEL as Keras exports it, unless it is there. Usage: python export_onnx.py MODEL"""
import pathlib
import sys

import keras
import numpy as np

target = pathlib.Path(sys.argv[1] + ".onnx")
if not target.exists():
    model = keras.models.load_model(sys.argv[1])
    # Keras exports what has been called once.
    model(np.zeros([1, *model.input_shape[1:]], np.float32))
    model.export(target, format="onnx")
