"""FastAPI and uvicorn, calling the Keras model in a plain function, which FastAPI runs in its thread pool: rows of numbers, or texts."""
import os
from contextlib import asynccontextmanager

import keras
import tensorflow as tf
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

models = {}


class Request(BaseModel):
    instances: list


@asynccontextmanager
async def lifespan(_app: FastAPI):
    models["model"] = keras.models.load_model(os.environ["MODEL"])
    yield
    models.clear()


app = FastAPI(lifespan=lifespan)


@app.post("/predict")
def predict(request: Request):
    return {"predictions": models["model"](tf.constant(request.instances), training=False).numpy().tolist()}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")
