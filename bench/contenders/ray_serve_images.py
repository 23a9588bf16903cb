"""Ray Serve with its dynamic batching: a FastAPI ingress and one replica, which may use all cores."""
import io
import os

import keras
import numpy as np
from fastapi import FastAPI, UploadFile
from keras.applications import imagenet_utils
from PIL import Image
from ray import serve

app = FastAPI()


@serve.deployment(max_ongoing_requests=256, ray_actor_options={"num_cpus": os.cpu_count()})
@serve.ingress(app)
class Classifier:
    def __init__(self):
        self.model = keras.models.load_model(os.environ["MODEL"])

    @serve.batch(max_batch_size=8, batch_wait_timeout_s=0.005)
    async def scores(self, pixels: list) -> list:
        return list(np.asarray(self.model(np.stack(pixels), training=False)))

    @app.post("/predict")
    async def predict(self, image: UploadFile):
        picture = Image.open(io.BytesIO(await image.read())).convert("RGB").resize((224, 224))
        scores = await self.scores(imagenet_utils.preprocess_input(keras.utils.img_to_array(picture)))
        top = scores.argsort()[-5:][::-1]
        predictions = [{"label": str(index), "probability": float(scores[index])} for index in top]
        return {"success": True, "predictions": predictions}


if __name__ == "__main__":
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])})
    serve.run(Classifier.bind(), blocking=True)
