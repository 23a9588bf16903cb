"""Writes MODEL.onnx beside MODEL as Keras exports it, unless it is there. Usage: python export_onnx.py MODEL"""
import pathlib
import sys

import keras

target = pathlib.Path(sys.argv[1] + ".onnx")
if not target.exists():
    keras.models.load_model(sys.argv[1]).export(target, format="onnx")
