"""Requests as TensorFlow Serving's documentation has them, sent as it says: by curl's rules, by requests."""

import base64
import json
import sys

import numpy as np
import requests
from checks import check, run

url, photo = sys.argv[1:]
MODEL = f"{url}/v1/models/half_plus_two"


def post(path: str, body: str, **options) -> requests.Response:
    """As `curl -d '…' -X POST` does it: the body is called a form."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return requests.post(f"{url}{path}", data=body, headers=headers, timeout=60, **options)


@check("model status")
def status():
    expected = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("", "/versions/1", "/labels/stable"):
        assert requests.get(MODEL + path, timeout=60).json() == {"model_version_status": [expected]}


@check("model metadata")
def metadata():
    document = requests.get(f"{MODEL}/metadata", timeout=60).json()
    assert document["model_spec"] == {"name": "half_plus_two", "signature_name": "", "version": "1"}
    signature = document["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert signature["inputs"]["x"]["tensor_shape"]["dim"] == [{"size": "-1", "name": ""}]
    assert signature["method_name"] == "tensorflow/serving/predict"


@check('predict: {"instances": [1.0, 2.0, 5.0]}')
def predict():
    reply = post("/v1/models/half_plus_two:predict", '{"instances": [1.0, 2.0, 5.0]}')
    assert reply.status_code == 200 and reply.json() == {"predictions": [2.5, 3.0, 4.5]}, reply.text
    assert reply.headers["content-type"].startswith("application/json")


@check("predict: a signature's name, a version and a label")
def addressed():
    body = '{"signature_name": "serving_default", "instances": [1.0]}'
    for path in ("/versions/1", "/labels/stable"):
        assert post(f"/v1/models/half_plus_two{path}:predict", body).json() == {"predictions": [2.5]}


@check("predict: strings, and bytes as b64")
def strings():
    rows = [{"input_layer": ["red", {"b64": base64.b64encode("gr\u00fcn".encode()).decode()}], "input_layer_1": [0.0, 0.0, 0.0]}]
    reply = post("/v1/models/words:predict", json.dumps({"instances": rows}))
    assert reply.status_code == 200 and reply.json()["predictions"][0]["words"] == ["rot", "[UNK]"], reply.text


@check("predict: column format")
def column():
    assert post("/v1/models/half_plus_two:predict", '{"inputs": [1.0, 2.0]}').json() == {"outputs": [2.5, 3.0]}


ROWS = [{"age": [30.0], "sensor": [[1, 2], [3, 4]]}, {"age": [40.0], "sensor": [[4, 5], [6, 8]]}]


@check("predict: named inputs and outputs, row and column format alike")
def named():
    rows = post("/v1/models/two_inputs:predict", json.dumps({"instances": ROWS})).json()["predictions"]
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    outputs = post("/v1/models/two_inputs:predict", json.dumps({"inputs": columns})).json()["outputs"]
    assert sorted(outputs) == ["kind", "risk"]
    for name, values in outputs.items():
        np.testing.assert_allclose([row[name] for row in rows], values, rtol=1e-6)


@check("predict: an image as b64")
def image():
    with open(photo, "rb") as file:
        b64 = base64.b64encode(file.read()).decode()
    reply = post("/v1/models/efficientnet-lite0:predict", json.dumps({"instances": [{"b64": b64}]}))
    assert int(np.argmax(reply.json()["predictions"][0])) == 285, reply.text[:300]


@check("predict: NaN and Infinity, which are no JSON")
def not_finite():
    predictions = post("/v1/models/half_plus_two:predict", '{"instances": [NaN, Infinity]}').json()["predictions"]
    assert np.isnan(predictions[0]) and predictions[1] == float("inf")


@check("errors: statuses and words")
def errors():
    def refused(status: int, error: str, path: str, body='{"instances": [1.0, 5.0]}'):
        reply = post(path, body)
        assert reply.status_code == status and error in reply.json()["error"], reply.text

    refused(404, "Servable not found for request: Latest(half)", "/v1/models/half:predict")
    refused(404, "Servable not found for request: Specific(half_plus_two, 9)", "/v1/models/half_plus_two/versions/9:predict")
    refused(400, "Unrecognized servable version label: x", "/v1/models/half_plus_two/labels/x:predict")
    refused(400, "not found in signature def", "/v1/models/half_plus_two:predict", '{"signature_name": "x", "instances": [1]}')
    refused(400, "Missing 'inputs' or 'instances' key", "/v1/models/half_plus_two:predict", "{}")
    refused(400, "Expected classification signature", "/v1/models/half_plus_two:classify", '{"examples": [{"x": 1.0}]}')
    refused(400, "Expected regression signature", "/v1/models/half_plus_two:regress", '{"examples": [{"x": 1.0}]}')
    reply = requests.get(f"{url}/v1/models/half", timeout=60)
    assert reply.status_code == 404 and "Could not find any versions of model half" in reply.json()["error"]


run()
