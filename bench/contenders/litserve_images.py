"""LitServe with its batching, as its documentation suggests for a model that takes batches."""
import io
import os

import keras
import litserve as ls
import numpy as np
from fastapi import UploadFile
from keras.applications import imagenet_utils
from PIL import Image


class Classifier(ls.LitAPI):
    def setup(self, device):
        self.model = keras.models.load_model(os.environ["MODEL"])

    def decode_request(self, request):
        upload: UploadFile = request["image"]
        picture = Image.open(io.BytesIO(upload.file.read())).convert("RGB").resize((224, 224))
        return imagenet_utils.preprocess_input(keras.utils.img_to_array(picture))

    def batch(self, inputs):
        return np.stack(inputs)

    def predict(self, batch):
        return np.asarray(self.model(batch, training=False))

    def unbatch(self, output):
        return list(output)

    def encode_response(self, scores):
        top = scores.argsort()[-5:][::-1]
        predictions = [{"label": str(index), "probability": float(scores[index])} for index in top]
        return {"success": True, "predictions": predictions}


if __name__ == "__main__":
    api = Classifier(max_batch_size=8, batch_timeout=0.005, api_path="/predict")
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(port=int(os.environ["PORT"]), log_level="warning", generate_client_file=False)
