"""MLServer with a custom runtime and its adaptive batching: images come as base64 in a tensor of bytes."""
import io
import os
from typing import List

import keras
import numpy as np
from keras.applications import imagenet_utils
from mlserver import MLModel
from mlserver.codecs import decode_args
from PIL import Image


class Model(MLModel):
    async def load(self) -> bool:
        self.model = keras.models.load_model(os.environ["MODEL"])
        return True

    @decode_args
    async def predict(self, image: List[bytes]) -> np.ndarray:
        pictures = [Image.open(io.BytesIO(one)).convert("RGB").resize((224, 224)) for one in image]
        pixels = np.stack([keras.utils.img_to_array(picture) for picture in pictures])
        return np.asarray(self.model(imagenet_utils.preprocess_input(pixels), training=False))
