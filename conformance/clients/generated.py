"""The client that openapi-python-client makes out of the server's OpenAPI document."""

import importlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
from checks import check, run

url, photo = sys.argv[1:]
work = Path(tempfile.mkdtemp())
DOCUMENT = work / "openapi.json"
DOCUMENT.write_text(httpx.get(f"{url}/openapi.json").text)


def module(path: str):
    return importlib.import_module(f"keras_serve_client.{path}")


@check("openapi-python-client makes a client, with nothing left out")
def generate():
    config = work / "config.yml"
    config.write_text("project_name_override: keras-serve-client\npackage_name_override: keras_serve_client\npost_hooks: []\n")
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", DOCUMENT, "--config", config, "--output-path", work / "client"],
        capture_output=True,
        text=True,
        check=True,
    )
    # It knows no content type with a star: an image can be sent as a form or in JSON.
    problems = re.findall(r"(?:WARNING|ERROR) [^\n]*\n\n([^\n]*)", made.stdout + made.stderr)
    assert set(problems) <= {"Unsupported content type image/*"}, made.stdout + made.stderr
    sys.path.insert(0, str(work / "client"))
    operations = [one for path in json.loads(DOCUMENT.read_text())["paths"].values() for one in path.values()]
    files = {path.stem for path in (work / "client" / "keras_serve_client" / "api").glob("*/*.py")} - {"__init__"}
    assert len(files) == len(operations), f"{len(files)} modules for {len(operations)} operations"


def api():
    return module("client").Client(base_url=url, raise_on_unexpected_status=True)


@check("its calls for health and metadata")
def metadata():
    live = module("api.open_inference_protocol.get_server_live").sync(client=api())
    assert live.live is True
    model = module("api.open_inference_protocol.get_model_metadata").sync("half_plus_two", client=api())
    assert model.inputs[0].name == "x" and model.inputs[0].shape == [-1]
    status = module("api.tensor_flow_serving.get_tensor_flow_serving_status").sync("half_plus_two", client=api())
    assert status.model_version_status[0].state == "AVAILABLE"


@check("its infer")
def infer():
    models = module("models")
    x = models.RequestInput("x", [3], models.RequestInputDatatype.FP32, data=[1.0, 2.0, 5.0])
    body = models.InferenceRequest([x], id="42")
    reply = module("api.open_inference_protocol.infer").sync("half_plus_two", client=api(), body=body)
    assert reply.id == "42" and reply.outputs[0].data == [2.5, 3.0, 4.5], reply


@check("its predict of TensorFlow Serving's")
def serving():
    body = module("models").TensorFlowServingRequest(instances=[1.0, 2.0, 5.0])
    call = module("api.tensor_flow_serving.tensor_flow_serving_predict")
    assert call.sync("half_plus_two", client=api(), body=body).predictions == [2.5, 3.0, 4.5]


@check("its predict, of numbers and of an image file, each by types of its own")
def predict():
    numbers = module("models").HalfPlusTwoRequest(instances=[1.0, 2.0, 5.0])
    call = module("api.half_plus_two.predict_half_plus_two")
    assert call.sync(client=api(), body=numbers).predictions == [2.5, 3.0, 4.5]
    image = module("models").ImageForm(image=module("types").File(open(photo, "rb"), "cat.jpg", "image/jpeg"))
    reply = module("api.predict.predict").sync(client=api(), body=image)
    assert reply.success is True and reply.predictions[0].label == "Egyptian_cat", reply


@check("its errors, typed")
def errors():
    reply = module("api.open_inference_protocol.get_model_metadata").sync_detailed("nothing", client=api())
    assert reply.status_code == 404 and "no model" in reply.parsed.error


run()
