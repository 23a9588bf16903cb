"""FastAPI and uvicorn as many processes as cores, with ONNX Runtime on what Keras's own `model.export(format="onnx")` makes."""
import io
import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, UploadFile
from PIL import Image

from export_onnx import exported

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(exported(os.environ["MODEL"]), options)
name = session.get_inputs()[0].name
app = FastAPI()


@app.post("/predict")
def predict(image: UploadFile):
    picture = Image.open(io.BytesIO(image.file.read())).convert("RGB").resize((224, 224))
    # As imagenet_utils.preprocess_input does it, which would bring TensorFlow with it.
    pixels = np.asarray(picture, np.float32)[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32)
    scores = session.run(None, {name: pixels[np.newaxis]})[0][0]
    top = scores.argsort()[-5:][::-1]
    predictions = [{"label": str(index), "probability": float(scores[index])} for index in top]
    return {"success": True, "predictions": predictions}
