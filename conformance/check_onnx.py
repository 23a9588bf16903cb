"""Checks a compiled model with the tools of ONNX.

    python conformance/check_onnx.py model.onnx model.case.json

The file passes `onnx.checker` with full checks (shapes inferred, types strict), and ONNX Runtime in Python answers what
Keras answered. Prints the greatest error, as a part of the output's scale, as JSON.
"""

import json
import sys

import numpy as np
import onnx
import onnxruntime
from tensors import decode


def main() -> int:
    model, case = sys.argv[1:]
    with open(case) as file:
        case = json.load(file)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = {input.name: decode(tensor) for input, tensor in zip(session.get_inputs(), case["inputs"])}
    worst = 0.0
    for actual, tensor in zip(session.run(None, inputs), case["outputs"], strict=True):
        expected = decode(tensor)
        if actual.shape != expected.shape:
            raise SystemExit(f"{actual.shape} for {expected.shape}")
        scale = max(1e-3, float(np.abs(expected).max()))
        worst = max(worst, float(np.abs(actual - expected).max()) / scale)
    print(json.dumps({"error": worst, "opset": onnx.load(model, load_external_data=False).opset_import[0].version}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
