"""BentoML with adaptive batching: `bentoml serve bentoml_images:Model`."""
import os

import bentoml
import keras
import numpy as np
from keras.applications import imagenet_utils
from PIL.Image import Image


@bentoml.service(workers=1, traffic={"timeout": 120, "max_concurrency": 256})
class Scores:
    def __init__(self):
        self.model = keras.models.load_model(os.environ["MODEL"])

    @bentoml.api(batchable=True, max_batch_size=8, max_latency_ms=60000)
    def scores(self, pixels: np.ndarray) -> np.ndarray:
        return np.asarray(self.model(pixels, training=False))


@bentoml.service(workers=1, traffic={"timeout": 120, "max_concurrency": 256})
class Model:
    model = bentoml.depends(Scores)

    @bentoml.api(route="/predict")
    async def predict(self, image: Image) -> dict:
        picture = image.convert("RGB").resize((224, 224))
        pixels = imagenet_utils.preprocess_input(np.expand_dims(keras.utils.img_to_array(picture), axis=0))
        scores = (await self.model.to_async.scores(pixels))[0]
        top = scores.argsort()[-5:][::-1]
        predictions = [{"label": str(index), "probability": float(scores[index])} for index in top]
        return {"success": True, "predictions": predictions}
