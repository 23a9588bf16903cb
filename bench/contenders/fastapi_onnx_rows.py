"""FastAPI and uvicorn as many processes as cores, with ONNX Runtime on what Keras's own `model.export(format="onnx")` makes: rows of numbers."""
import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

from export_onnx import exported

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(exported(os.environ["MODEL"]), options)
name = session.get_inputs()[0].name
app = FastAPI()


class Request(BaseModel):
    instances: list


@app.post("/predict")
def predict(request: Request):
    (output,) = session.run(None, {name: np.asarray(request.instances, np.float32)})
    return {"predictions": output.tolist()}
