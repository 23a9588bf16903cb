"""MLServer with a custom runtime and its adaptive batching: rows of numbers, or texts, which come as bytes."""
import os

import keras
import numpy as np
import tensorflow as tf
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Model(MLModel):
    async def load(self) -> bool:
        self.model = keras.models.load_model(os.environ["MODEL"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        (tensor,) = payload.inputs
        if tensor.datatype == "BYTES":
            rows = np.reshape(StringCodec.decode_input(tensor), (-1, 1))
        else:
            rows = NumpyCodec.decode_input(tensor)
        output = self.model(tf.constant(rows), training=False).numpy()
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("output", output)])
