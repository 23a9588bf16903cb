"""The Open Inference Protocol as NVIDIA's tritonclient speaks it: JSON and binary tensors."""

import sys

import numpy as np
import tritonclient.http as triton
from checks import check, run
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

url, photo = sys.argv[1:]
client = triton.InferenceServerClient(url.removeprefix("http://"))
IMAGE_MODEL = "efficientnet-lite0"


def tensor(name: str, values: np.ndarray, binary: bool) -> triton.InferInput:
    made = triton.InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype))
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def every_type() -> dict[str, np.ndarray]:
    types = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
    values = {name: np.array([[0, np.iinfo(name).max, 7], [1, np.iinfo(name).min, 2]], name) for name in types}
    values["bool"] = np.array([[True, False, True]] * 2)
    values["float32"] = np.array([[0.1, -1e30, np.nan], [np.inf, 0, 3]], "float32")
    return values


@check("is_server_live, is_server_ready, is_model_ready")
def health():
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("half_plus_two") and client.is_model_ready("half_plus_two", "1")
    assert not client.is_model_ready("half_plus_two", "9") and not client.is_model_ready("nothing")


@check("get_server_metadata, get_model_metadata, get_model_repository_index")
def metadata():
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    model = client.get_model_metadata("half_plus_two")
    assert model["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1]}], model
    index = client.get_model_repository_index()
    assert {"half_plus_two", "every_type", IMAGE_MODEL} <= {one["name"] for one in index if one["state"] == "READY"}


@check("infer with JSON tensors")
def as_json():
    values = np.array([1, 2, 5], "float32")
    outputs = [triton.InferRequestedOutput("y", binary_data=False)]
    result = client.infer("half_plus_two", [tensor("x", values, False)], outputs=outputs, request_id="42")
    np.testing.assert_array_equal(result.as_numpy("y"), [2.5, 3, 4.5])
    response = result.get_response()
    assert response["id"] == "42" and response["model_name"] == "half_plus_two" and response["model_version"] == "1"


@check("infer with binary tensors, a version, and all outputs in binary by default")
def as_binary():
    values = np.array([1, 2, 5], "float32")
    result = client.infer("half_plus_two", [tensor("x", values, True)], model_version="1")
    assert "binary_data_size" in result.get_output("y")["parameters"]
    np.testing.assert_array_equal(result.as_numpy("y"), [2.5, 3, 4.5])


@check("infer with every datatype in binary, bit by bit")
def datatypes():
    values = every_type()
    result = client.infer("every_type", [tensor(f"{name}_in", one, True) for name, one in values.items()])
    for name, one in values.items():
        back = result.as_numpy(f"{name}_out")
        assert back.dtype == one.dtype and back.tobytes() == one.tobytes(), name


@check("infer with every datatype in JSON")
def datatypes_in_json():
    values = {name: one if name == "bool" else np.ones((2, 3), one.dtype) * 3 for name, one in every_type().items()}
    outputs = [triton.InferRequestedOutput(f"{name}_out", binary_data=False) for name in values]
    inputs = [tensor(f"{name}_in", one, False) for name, one in values.items()]
    result = client.infer("every_type", inputs, outputs=outputs)
    for name, one in values.items():
        np.testing.assert_array_equal(result.as_numpy(f"{name}_out"), one, name)


@check("infer with strings as BYTES, in JSON and in binary, and strings back")
def strings():
    words = np.array([["red", "pink"], ["gr\u00fcn", ""]], np.object_)
    numbers = np.zeros((2, 3), "float32")
    for binary in (True, False):
        outputs = [triton.InferRequestedOutput("words", binary_data=binary)]
        inputs = [tensor("input_layer", words, binary), tensor("input_layer_1", numbers, binary)]
        back = client.infer("words", inputs, outputs=outputs).as_numpy("words")
        texts = [one.decode() if isinstance(one, bytes) else one for one in back.ravel()]
        assert back.shape == (2, 2) and texts == ["rot", "[UNK]", "[UNK]", "[UNK]"], back
    assert client.get_model_metadata("words")["inputs"][0]["datatype"] == "BYTES"


@check("infer with a compressed request")
def compressed():
    values = np.linspace(-1, 1, 8, dtype="float32")
    for algorithm in ("gzip", "deflate"):
        result = client.infer(
            "half_plus_two",
            [tensor("x", values, True)],
            request_compression_algorithm=algorithm,
            response_compression_algorithm=algorithm,
        )
        np.testing.assert_allclose(result.as_numpy("y"), values / 2 + 2, rtol=1e-6)


@check("infer of an image file as BYTES, with class_count")
def classification():
    with open(photo, "rb") as file:
        image = np.array([file.read()], dtype=np.object_)
    outputs = [triton.InferRequestedOutput("predictions", class_count=3)]
    result = client.infer(IMAGE_MODEL, [tensor("image", image, True)], outputs=outputs)
    (first, *_), = result.as_numpy("predictions")
    assert first.decode().endswith(":285:Egyptian_cat"), first


@check("infer of an image as numbers, 600 KB in binary")
def image():
    values = np.full((1, 224, 224, 3), 0.5, "float32")
    result = client.infer(IMAGE_MODEL, [tensor("image", values, True)])
    assert abs(result.as_numpy("predictions").sum() - 1) < 1e-4


@check("async_infer, many at once")
def asynchronous():
    several = triton.InferenceServerClient(url.removeprefix("http://"), concurrency=4)
    requests = [several.async_infer("half_plus_two", [tensor("x", np.array([n], "float32"), True)]) for n in range(32)]
    for n, request in enumerate(requests):
        assert request.get_result().as_numpy("y")[0] == n / 2 + 2


@check("errors as InferenceServerException, with message and status")
def errors():
    def refused(status: str, words: str, *arguments):
        try:
            client.infer(*arguments)
        except InferenceServerException as error:
            assert error.status() == status and words in error.message(), error
        else:
            raise AssertionError("was not refused")

    values = np.array([1], "float32")
    refused("404", "no model", "nothing", [tensor("x", values, True)])
    refused("400", "no input", "half_plus_two", [tensor("z", values, True)])
    refused("400", "FP32, not INT32", "half_plus_two", [tensor("x", values.astype("int32"), True)])
    refused("400", "shape", "half_plus_two", [tensor("x", values.reshape(1, 1), False)])


run()
