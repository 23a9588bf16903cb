"""pytriton, which runs Triton Inference Server, with its dynamic batching: images come as base64 in a tensor of bytes."""
import base64
import io
import os

import keras
import numpy as np
from keras.applications import imagenet_utils
from PIL import Image
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

model = keras.models.load_model(os.environ["MODEL"])


@batch
def predict(image):
    files = [io.BytesIO(base64.b64decode(one)) for one in image[:, 0]]
    pictures = [Image.open(file).convert("RGB").resize((224, 224)) for file in files]
    pixels = np.stack([keras.utils.img_to_array(picture) for picture in pictures])
    return [np.asarray(model(imagenet_utils.preprocess_input(pixels), training=False))]


with Triton(config=TritonConfig(http_port=int(os.environ["PORT"]), allow_grpc=False, allow_metrics=False)) as triton:
    triton.bind(
        model_name="model",
        infer_func=predict,
        inputs=[Tensor(name="image", dtype=bytes, shape=(1,))],
        outputs=[Tensor(name="scores", dtype=np.float32, shape=model.output_shape[1:])],
        config=ModelConfig(max_batch_size=8, batcher=DynamicBatcher(max_queue_delay_microseconds=5000)),
    )
    triton.serve()
