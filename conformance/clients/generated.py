"""The client that openapi-python-client makes out of the server's OpenAPI document."""

import base64
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
    config.write_text(json.dumps({
        "project_name_override": "keras-serve-client",
        "package_name_override": "keras_serve_client",
        "content_type_overrides": {"multipart/form-data": "text/plain"},
        "post_hooks": [],
    }))
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", DOCUMENT, "--config", config, "--output-path", work / "client"],
        capture_output=True,
        text=True,
        check=True,
    )
    # All can be said in JSON. Where there is another body its code asks whether the one at hand is a list of something, which Python
    # refuses to answer: it is made to pass over forms.
    problems = re.findall(r"(?:WARNING|ERROR|Unable to) [^\n]*\n\n([^\n]*)", made.stdout + made.stderr)
    assert set(problems) <= {f"Unsupported content type {one}" for one in ("image/*", "text/csv", "text/plain")}, made.stdout + made.stderr
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


def predict(model: str, body):
    """What the model's own operation gives."""
    return module(f"api.{model}.predict_{model}").sync(client=api(), body=body).predictions


def picture() -> str:
    return base64.b64encode(Path(photo).read_bytes()).decode()


@check("its predict, of numbers and of an image file, each by types of its own")
def numbers_and_an_image():
    assert predict("half_plus_two", module("models").HalfPlusTwoRequest(instances=[1.0, 2.0, 5.0])) == [2.5, 3.0, 4.5]
    image = module("models").ImageJson(image=picture())
    reply = module("api.efficientnet_lite0.predict_efficientnet_lite_0").sync(client=api(), body=image)
    assert reply.success is True and reply.predictions[0].label == "Egyptian_cat", reply


@check("its predict, of a table, for a number with its unit")
def table():
    models = module("models")
    one = predict("houses", models.HousesDatapointType0(area=120, rooms=4))
    assert (one.value, one.unit) == (460, "thousand dollars"), one
    two = predict("houses", models.HousesRequest(instances=[models.HousesValueType0(area=100, rooms=2), [10, 3]]))
    assert [one.value for one in two] == [300, 80], two


@check("its predict, of categories and a sequence")
def categories_and_a_sequence():
    models = module("models")
    van = models.ContractsDatapointType0Vehicle.VAN
    assert predict("contracts", models.ContractsDatapointType0(vehicle=van, months=[1, 2, 4])).value == 16


@check("its predict, of a text, for one of two labels")
def text():
    labels = predict("reviews", module("models").ReviewsDatapointType0(text="A good film"))
    assert labels[0].label == "positive" and labels[0].probability > 0.8, labels


@check("its predict, for labels that may hold at once, several numbers, classes and a tensor")
def several_outputs():
    film = predict("films", module("models").FilmsDatapointType0(laughs=2, tears=-1, shots=0.5))
    assert [(one.label, one.predicted) for one in film.genres] == [("comedy", True), ("action_film", True), ("drama", False)]
    assert (film.minutes.values.tuesday, film.minutes.unit) == (-10, "minutes")
    assert film.stars[0].label == "one" and film.rest == [3, 0, 1.5]


@check("its predict, of an image beside a table, for one of two labels")
def image_and_table():
    models = module("models")
    for age, label in ((20, "healthy"), (90, "ill")):
        labels = predict("clinic", models.ClinicDatapointType0(photo=picture(), age=age, pulse=70))
        assert labels[0].label == label and len(labels) == 2, labels


@check("its predict, for masks and an image")
def masks_and_an_image():
    colours = predict("colours", module("models").ImageJson(image=picture()))
    assert (colours.most.width, colours.negative.height) == (16, 16)
    assert abs(sum(area.fraction for area in colours.most.areas) - 1) < 1e-9
    assert base64.b64decode(colours.bright.png).startswith(b"\x89PNG")


@check("its predict, of a tensor, for a tensor")
def tensor():
    body = module("models").MatrixRequest(instances=[[[1, 2, 3], [4, 5, 6]]])
    assert predict("matrix", body) == [[[1, 4], [2, 5], [3, 6]]]


@check("its errors, typed")
def errors():
    reply = module("api.open_inference_protocol.get_model_metadata").sync_detailed("nothing", client=api())
    assert reply.status_code == 404 and "no model" in reply.parsed.error


run()
