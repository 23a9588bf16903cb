"""LitServe with its batching, as its documentation suggests for a model that takes batches: a row of numbers, or a text, a request."""
import os

import keras
import litserve as ls
import tensorflow as tf


class Model(ls.LitAPI):
    def setup(self, device):
        self.model = keras.models.load_model(os.environ["MODEL"])

    def decode_request(self, request):
        (row,) = request["instances"]
        return row

    def batch(self, rows):
        return tf.constant(rows)

    def predict(self, batch):
        return self.model(batch, training=False).numpy()

    def unbatch(self, output):
        return list(output)

    def encode_response(self, output):
        return {"predictions": [output.tolist()]}


if __name__ == "__main__":
    api = Model(max_batch_size=64, batch_timeout=0.001, api_path="/predict")
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(port=int(os.environ["PORT"]), log_level="warning", generate_client_file=False)
