"""pytriton, which runs Triton Inference Server, with its dynamic batching: rows of numbers, or texts, which come as bytes."""
import os

import keras
import numpy as np
import tensorflow as tf
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

model = keras.models.load_model(os.environ["MODEL"])
is_text = model.inputs[0].dtype == "string"


@batch
def predict(instances):
    rows = np.char.decode(instances.astype(bytes), "utf-8") if is_text else instances
    return [model(tf.constant(rows), training=False).numpy()]


with Triton(config=TritonConfig(http_port=int(os.environ["PORT"]), allow_grpc=False, allow_metrics=False)) as triton:
    triton.bind(
        model_name="model",
        infer_func=predict,
        inputs=[Tensor(name="instances", dtype=bytes if is_text else np.float32, shape=model.input_shape[1:])],
        outputs=[Tensor(name="output", dtype=np.float32, shape=model.output_shape[1:])],
        config=ModelConfig(max_batch_size=64, batcher=DynamicBatcher(max_queue_delay_microseconds=1000)),
    )
    triton.serve()
