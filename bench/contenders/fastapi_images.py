"""FastAPI and uvicorn, calling the Keras model in a plain function, which FastAPI runs in its thread pool."""
import io
import os
from contextlib import asynccontextmanager

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI, UploadFile
from keras.applications import imagenet_utils
from PIL import Image

models = {}


@asynccontextmanager
async def lifespan(_app: FastAPI):
    models["classifier"] = keras.models.load_model(os.environ["MODEL"])
    yield
    models.clear()


app = FastAPI(lifespan=lifespan)


@app.post("/predict")
def predict(image: UploadFile):
    picture = Image.open(io.BytesIO(image.file.read())).convert("RGB").resize((224, 224))
    pixels = np.expand_dims(keras.utils.img_to_array(picture), axis=0)
    scores = np.asarray(models["classifier"](imagenet_utils.preprocess_input(pixels), training=False))[0]
    top = scores.argsort()[-5:][::-1]
    predictions = [{"label": str(index), "probability": float(scores[index])} for index in top]
    return {"success": True, "predictions": predictions}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")
