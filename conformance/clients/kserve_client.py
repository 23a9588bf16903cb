"""The Open Inference Protocol as KServe's own REST client speaks it."""

import asyncio
import sys

import httpx
import numpy as np
from checks import check, run
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

url = sys.argv[1]


def use(function):
    async def call():
        async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
            return await function(client)

    return asyncio.run(call())


def request(values: np.ndarray, binary: bool, **options) -> InferRequest:
    x = InferInput("x", list(values.shape), "FP32")
    x.set_data_from_numpy(values, binary_data=binary)
    return InferRequest("half_plus_two", [x], request_id="42", **options)


VALUES = np.array([1, 2, 5], "float32")


@check("is_server_live, is_server_ready, is_model_ready")
def health():
    assert use(lambda client: client.is_server_live(url))
    assert use(lambda client: client.is_server_ready(url))
    assert use(lambda client: client.is_model_ready(url, "half_plus_two"))
    assert not use(lambda client: client.is_model_ready(url, "nothing"))


@check("infer with JSON tensors")
def as_json():
    response = use(lambda client: client.infer(url, request(VALUES, False), model_name="half_plus_two"))
    assert response.id == "42" and response.model_name == "half_plus_two"
    np.testing.assert_array_equal(response.outputs[0].as_numpy(), [2.5, 3, 4.5])


@check("infer with binary tensors in and out")
def as_binary():
    asked = request(VALUES, True, parameters={"binary_data_output": True})
    response = use(lambda client: client.infer(url, asked, model_name="half_plus_two"))
    np.testing.assert_array_equal(response.outputs[0].as_numpy(), [2.5, 3, 4.5])


@check("infer with binary tensors for the outputs that are asked for")
def requested():
    asked = request(VALUES, True, request_outputs=[RequestedOutput("y", {"binary_data": True})])
    response = use(lambda client: client.infer(url, asked, model_name="half_plus_two"))
    np.testing.assert_array_equal(response.get_output_by_name("y").as_numpy(), [2.5, 3, 4.5])


@check("infer in half precision")
def half():
    x = InferInput("x", [2], "FP16")
    x.set_data_from_numpy(np.array([1, 3], "float16"), binary_data=True)
    response = use(lambda client: client.infer(url, InferRequest("half_plus_two", [x]), model_name="half_plus_two"))
    np.testing.assert_array_equal(response.outputs[0].as_numpy(), [2.5, 3.5])


@check("the v1 protocol's predict")
def version_one():
    async def call():
        async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
            return await client.infer(url, {"instances": [1.0, 2.0, 5.0]}, model_name="half_plus_two")

    assert asyncio.run(call()) == {"predictions": [2.5, 3.0, 4.5]}


@check("errors as HTTPStatusError")
def errors():
    try:
        use(lambda client: client.infer(url, request(VALUES, True), model_name="nothing"))
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == 404 and "error" in error.response.json()
    else:
        raise AssertionError("was not refused")


@check("infer with strings as BYTES, in JSON and in binary, and strings back")
def strings():
    for binary in (True, False):
        words = InferInput("input_layer", [1, 2], "BYTES")
        words.set_data_from_numpy(np.array([["red", "pink"]], np.object_), binary_data=binary)
        numbers = InferInput("input_layer_1", [1, 3], "FP32")
        numbers.set_data_from_numpy(np.zeros((1, 3), "float32"), binary_data=binary)
        asked = InferRequest("words", [words, numbers], request_outputs=[RequestedOutput("words", {"binary_data": binary})])
        back = use(lambda client: client.infer(url, asked, model_name="words")).get_output_by_name("words").as_numpy()
        texts = [one.decode() if isinstance(one, bytes) else one for one in back.ravel()]
        assert texts == ["rot", "[UNK]"], back


run()
