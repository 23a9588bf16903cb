"""Ray Serve with its dynamic batching: a FastAPI ingress and one replica, which may use all cores. Rows of numbers, or texts."""
import os

import keras
import tensorflow as tf
from fastapi import FastAPI
from pydantic import BaseModel
from ray import serve

app = FastAPI()


class Request(BaseModel):
    instances: list


@serve.deployment(max_ongoing_requests=256, ray_actor_options={"num_cpus": os.cpu_count()})
@serve.ingress(app)
class Model:
    def __init__(self):
        self.model = keras.models.load_model(os.environ["MODEL"])

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.001)
    async def rows(self, rows: list) -> list:
        return self.model(tf.constant(rows), training=False).numpy().tolist()

    @app.post("/predict")
    async def predict(self, request: Request):
        (row,) = request.instances
        return {"predictions": [await self.rows(row)]}


if __name__ == "__main__":
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])})
    serve.run(Model.bind(), blocking=True)
