"""What keras-serve's queue is compared with: Celery with Redis, and the same ONNX model by ONNX Runtime.

    celery -A celery_onnx worker     answers
    python celery_onnx.py 2000       asks so many times, and prints how many seconds that took
"""

import os
import sys
import time

from celery import Celery

app = Celery("celery_onnx", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=4, task_ignore_result=False)

session = None


@app.task
def predict(values):
    global session
    if session is None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
    import numpy

    name = session.get_inputs()[0].name
    (output,) = session.run(None, {name: numpy.asarray(values, dtype=numpy.float32)})
    return output.tolist()


if __name__ == "__main__":
    count = int(sys.argv[1])
    predict.delay([[0.0] * 5]).get(timeout=60)
    started = time.perf_counter()
    results = [predict.delay([[0.1, 0.2, 0.3, 0.4, 0.5]]) for _ in range(count)]
    for result in results:
        result.get(timeout=300)
    print(time.perf_counter() - started)
