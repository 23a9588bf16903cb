"""Writes a Keras model as Keras exports it to ONNX, unless it is there. Usage: python export_onnx.py MODEL"""
import pathlib
import sys
import tempfile


def exported(model):
    """Where the export of a model is: not beside it, where it would be a second model."""
    return pathlib.Path(tempfile.gettempdir(), "keras-serve-bench", pathlib.Path(model).parent.name + ".onnx")


if __name__ == "__main__":
    target = exported(sys.argv[1])
    if not target.exists():
        import keras
        import numpy as np

        target.parent.mkdir(exist_ok=True)
        model = keras.models.load_model(sys.argv[1])
        # Keras exports what has been called once.
        model(np.zeros([1, *model.input_shape[1:]], np.float32))
        model.export(target, format="onnx")
