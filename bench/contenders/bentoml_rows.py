"""BentoML with adaptive batching: `bentoml serve bentoml_rows:Model`. Rows of numbers, or texts."""
import os

import bentoml
import keras
import tensorflow as tf


@bentoml.service(workers=1, traffic={"timeout": 120, "max_concurrency": 256})
class Model:
    def __init__(self):
        self.model = keras.models.load_model(os.environ["MODEL"])

    @bentoml.api(route="/predict", batchable=True, max_batch_size=64, max_latency_ms=60000)
    def predict(self, instances: list) -> list:
        return self.model(tf.constant(instances), training=False).numpy().tolist()
