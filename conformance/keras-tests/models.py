"""Makes a model of one call of a layer or an operation, saves it with Keras, and asks the saved file for its answer."""

import hashlib
import json
import os
import signal
import sys
import zlib
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.backend.common.keras_tensor import KerasTensor

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tensors import flat, record  # noqa: E402

SIZES = (2, 3, 4, 1, 8)
"""What axes of any size are set to: the first that the model takes."""

WORDS = ("one", "two", "three", "a", "b", "c", "foo", "bar", "baz", "", "One, two; THREE!", "É")
"""What strings are, where a test says none."""

SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0)
UNORDERED = ("sort", "top_k", "partition", "max_pool", "MaxPooling", "sparsemax", "searchsorted", "unique", "lexsort", "segment_max", "segment_min")
"""In the names of what is not asked with NaN, which TensorFlow takes by its place in a buffer."""

BY_ALGORITHM = ("fft", "stft")
"""Nor are these: where infinities meet in a Fourier transform goes by the steps of its algorithm."""

OTHER_IN_DOUBLE = ("erf",)
"""Nor these in double precision, where TensorFlow has no number for infinity, other than in single precision."""

QUANTIZED_INPUTS = '"activation_quantizer": {'
"""Nor layers that quantize their inputs: the whole number that TensorFlow makes of NaN is 0 in a short tensor and -128 in a long one."""

ROUNDING = ("GroupNormalizationTest::test_mixed_precision_large_input_no_nan", "test_sinc_float16", "test_sinc_bfloat16")
"""
Tests in which Keras's answer has no digit but of rounding: 70,000 all over less its mean, each times 1 / sqrt(0.001), in single precision, and
the sine of pi in half precision.
"""

LARGEST_SINGLE = float(np.finfo("float32").max)

SECONDS = 30
LARGEST = 1 << 20
"""Elements of all inputs beyond which a call is passed over."""


class Unrecordable(Exception):
    """A call of which there is no model file with an answer, and why."""


@contextmanager
def within(seconds: int):
    """Ends what takes longer, with a TimeoutError."""

    def late(*_):
        raise TimeoutError("took too long")

    before = signal.signal(signal.SIGALRM, late)
    left = signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(left)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def own_names():
    """Inside, layers get names of their own count, and the count of the test stays as it is."""
    key = "object_name_uids"
    before = global_state.get_global_attribute(key)
    global_state.set_global_attribute(key, None)
    try:
        yield
    finally:
        global_state.set_global_attribute(key, before)


def is_tensor(value) -> bool:
    return isinstance(value, (KerasTensor, np.ndarray, keras.Variable)) or tf.is_tensor(value)


def array_of(value) -> np.ndarray | None:
    """The array of an eager tensor; None for a symbolic one."""
    if isinstance(value, KerasTensor):
        if value.sparse or value.ragged:
            raise Unrecordable("sparse or ragged tensors")
        return None
    if isinstance(value, (tf.SparseTensor, tf.RaggedTensor, tf.IndexedSlices)):
        raise Unrecordable("sparse or ragged tensors")
    try:
        array = np.asarray(value)
    except Exception as error:
        raise Unrecordable("a tensor without numbers") from error
    if array.dtype.kind in "SUO":
        return strings_of(array)
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise Unrecordable(f"tensors of {'complex numbers' if array.dtype.kind == 'c' else 'objects'}")
    return array


def strings_of(array: np.ndarray) -> np.ndarray:
    """An array of bytes, as TensorFlow has strings."""
    values = [one.encode() if isinstance(one, str) else one for one in array.ravel().tolist()]
    if not all(isinstance(one, bytes) for one in values):
        raise Unrecordable("tensors of objects")
    made = np.empty(len(values), object)
    made[:] = values
    return made.reshape(array.shape)


def dtype_of(leaf) -> str:
    """The dtype of an input, by Keras's name."""
    is_string = isinstance(leaf, np.ndarray) and leaf.dtype.kind in "SUO"
    return "string" if is_string else keras.backend.standardize_dtype(leaf.dtype)


def leaves(structure) -> list:
    """The tensors in nested arguments."""
    return [leaf for leaf in keras.tree.flatten(structure) if is_tensor(leaf)]


def replaced(structure, tensors: list):
    """The arguments with tensors in the place of those that `leaves` finds; None leaves one as it is."""
    given = iter(tensors)

    def place(leaf):
        if not is_tensor(leaf):
            return leaf
        new = next(given)
        if new is not None:
            return new
        return leaf if isinstance(leaf, np.ndarray) else np.asarray(leaf)

    return keras.tree.map_structure(place, structure)


def shape_of(leaf, variant: str) -> tuple:
    """The shape of an input: as it stands, with any number of rows, or open altogether."""
    shape = tuple(leaf.shape)
    if variant == "rows" and shape:
        return (None, *shape[1:])
    return (None,) * len(shape) if variant == "open" else shape


def randomize(model, random: np.random.Generator) -> None:
    """Trainable weights of one value get random ones, so that none of them goes unseen."""
    for weight in model.trainable_weights:
        value = np.asarray(weight)
        if value.dtype.kind == "f" and value.size and np.all(value == value.flat[0]):
            weight.assign(random.normal(0, 0.5, value.shape) + (value.flat[0] if "gamma" in weight.path else 0))


def draw(shape: tuple, dtype: str, size: int, random: np.random.Generator) -> np.ndarray:
    """A random input; integers are small, since most of those in tests are indices."""
    shape = tuple(size if axis is None else axis for axis in shape)
    if dtype == "string":
        return strings_of(random.choice(WORDS, shape))
    kind = np.dtype(dtype).kind if dtype != "bfloat16" else "f"
    if kind == "b":
        return random.integers(0, 2, shape).astype(bool)
    if kind in "iu":
        return random.integers(0, 3, shape).astype(dtype)
    return np.asarray(tf.cast(random.normal(0, 1, shape), dtype))


def special(array: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The array with values that are no numbers, infinite or zero in some of its places."""
    if array.dtype.kind != "f":
        return array
    chosen = random.choice(np.array(SPECIAL, array.dtype), array.shape)
    return np.where(random.random(array.shape) < 0.3, chosen, array)


def beyond_half(inputs: list, outputs: list) -> bool:
    """Whether half precision makes infinities of numbers: it is served in single precision, which has those numbers."""
    finite = [all(np.all(np.isfinite(array.astype("float64"))) for array in arrays) for arrays in (inputs, outputs)]
    return finite[0] and not finite[1]


def beyond_single(outputs: list) -> bool:
    """Whether numbers of double precision are none of single precision, in which it is served."""
    return any(array.dtype == "float64" and np.any(np.isfinite(array) & (np.abs(array) > LARGEST_SINGLE)) for array in outputs)


class Recorder:
    """Writes models and cases into a folder. `about` below is the layer or operation that a case is about."""

    def __init__(self, folder: str):
        self.folder = folder
        self.known: set[str] = set()
        self.passed_over: dict[str, int] = {}
        self.models = 0
        self.cases = 0

    def call(self, about: str, test: str, function, args, kwargs, variants) -> None:
        """Records a call of a function on tensors, eager or symbolic, in each of the variants (see `shape_of`)."""
        found = leaves((args, kwargs))
        arrays = [array_of(leaf) for leaf in found]
        chosen = [array is None or array.ndim > 0 for array in arrays]
        if not any(chosen):
            chosen = [True] * len(chosen)
        if not chosen or sum(array.size for array in arrays if array is not None) > LARGEST:
            raise Unrecordable("no tensors" if not chosen else "large tensors")
        symbolic = any(array is None for array in arrays)
        for variant in ("as given",) if symbolic else variants:
            if variant == "constants":
                if sum(chosen) < 2:
                    continue
                inputs = [index == chosen.index(True) for index in range(len(chosen))]
            else:
                inputs = chosen
            shapes = [shape_of(leaf, "rows" if variant == "constants" else variant) for leaf in found]
            self.variant(about, test, variant, function, args, kwargs, found, arrays, inputs, shapes)

    def variant(self, about, test, variant, function, args, kwargs, found, arrays, inputs, shapes) -> None:
        def build():
            tensors = [
                keras.Input(batch_shape=shape, dtype=dtype_of(leaf)) if chosen else None
                for leaf, shape, chosen in zip(found, shapes, inputs)
            ]
            new_args, new_kwargs = replaced((args, kwargs), tensors)
            outputs = function(*new_args, **new_kwargs)
            if not all(isinstance(one, KerasTensor) for one in keras.tree.flatten(outputs)):
                raise Unrecordable("a result that is no tensor")
            return keras.Model([tensor for tensor in tensors if tensor is not None], outputs)

        with own_names():
            model = build()
        given = [array for array, chosen in zip(arrays, inputs) if chosen]
        self.model(about, test, variant, model, None if any(array is None for array in given) else given)

    def model(self, about: str, test: str, variant: str, model, given: list | None) -> None:
        """Records a model with its answers to the given inputs, or else to random ones."""
        if test.endswith(ROUNDING):
            raise Unrecordable("an answer that is rounding alone")
        config = json.dumps(model.get_config(), sort_keys=True, default=str)
        if '"class_name": "TopK"' in config and '"sorted": false' in config:
            raise Unrecordable("an order that Keras leaves open")
        if keras.config.image_data_format() != "channels_last" and '"data_format": "channels' not in config:
            raise Unrecordable("a data format that is a setting of the process, not of the file")
        half = "float16" in config
        values = [repr(array.tolist()).encode() if array.dtype.kind == "O" else array.tobytes() for array in given or ()]
        key = hashlib.sha1(b"".join([config.encode(), *values])).hexdigest()
        if key in self.known:
            return
        self.known.add(key)
        random = np.random.default_rng(zlib.crc32(config.encode()))
        name = f"{self.models:05d}.keras"
        path = os.path.join(self.folder, name)
        try:
            with within(SECONDS):
                saved = self.save(model, path, random)
                specifications = [(tuple(one.shape), one.dtype) for one in saved.inputs]
                names = [one._keras_history.operation.name for one in saved.inputs]
                inputs, outputs = self.ask(saved, specifications, given, random)
            if half and beyond_half(inputs, outputs):
                raise Unrecordable("infinities of half precision")
            if beyond_single(outputs):
                raise Unrecordable("numbers of double precision alone")
        except Exception:
            if os.path.exists(path):
                os.remove(path)
            raise
        self.models += 1
        case = {"model": name, "kind": "keras", "version": keras.__version__, "about": about, "test": test}
        if half:
            case["tolerance"] = 5e-2 if "bfloat16" in config else 2e-2
        self.write({**case, "variant": variant}, names, inputs, outputs)
        left_out = UNORDERED + BY_ALGORITHM + (OTHER_IN_DOUBLE if '"float64"' in config else ())
        asked = variant in ("rows", "as given") and QUANTIZED_INPUTS not in config and not any(part in about for part in left_out)
        # Half precision is served in single precision, which has other infinities.
        if asked and not half and any(array.dtype.kind == "f" for array in inputs):
            unusual = [special(array, random) for array in inputs]
            try:
                with within(SECONDS):
                    outputs = self.run(saved, unusual)
            except Exception:
                return
            if not beyond_single(outputs):
                self.write({**case, "variant": f"{variant}, NaN and infinities"}, names, unusual, outputs)

    def save(self, model, path: str, random: np.random.Generator):
        """The model saved and loaded again."""
        model.save(path)
        try:
            saved = keras.saving.load_model(path, compile=False)
        except Exception as error:
            raise Unrecordable("Keras does not load what it saved") from error
        if saved.trainable_weights:
            randomize(saved, random)
            saved.save(path)
            # Factors that adapt what is quantized are added as it is saved, and rounded.
            if any(getattr(layer, "lora_enabled", False) for layer in saved._flatten_layers()):
                saved = keras.saving.load_model(path, compile=False)
        return saved

    def ask(self, model, specifications, given, random) -> tuple[list, list]:
        if given is not None:
            return given, self.run(model, given)
        for size in SIZES:
            inputs = [draw(shape, dtype, size, random) for shape, dtype in specifications]
            try:
                return inputs, self.run(model, inputs)
            except TimeoutError:
                raise
            except Exception:
                if size == SIZES[-1]:
                    raise

    def run(self, model, inputs: list) -> list:
        # Each answer is a first one: keras-serve keeps no states from one request to the next.
        for layer in model._flatten_layers():
            if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
                layer.reset_state()
        tensors = keras.tree.pack_sequence_as(model._inputs_struct, [tf.constant(one) for one in inputs])
        try:
            outputs = model(tensors, training=False)
        except tf.errors.UnimplementedError:
            outputs = tf.function(lambda fed: model(fed, training=False), jit_compile=True)(tensors)
        arrays = []
        for output in flat(keras.tree.flatten(outputs)):
            # A number of Python's has no type until predict() makes a tensor of it: int32 where it was recorded as int64.
            array = array_of(output) if is_tensor(output) else None
            if array is None:
                raise Unrecordable("a result that is no tensor")
            arrays.append(array)
        if [array.ndim for array in arrays] != [len(output.shape) for output in model.outputs]:
            raise Unrecordable("a result of another rank than the model declares")
        return arrays

    def write(self, case: dict, names: list, inputs: list, outputs: list) -> None:
        case = {
            **case,
            "keras": f"keras {keras.__version__}",
            "inputs": [record(name, value) for name, value in zip(names, inputs)],
            "outputs": [record(f"output_{index}", value) for index, value in enumerate(outputs)],
        }
        with open(os.path.join(self.folder, f"{self.cases:05d}.case.json"), "w") as file:
            json.dump(case, file)
        self.cases += 1

    def pass_over(self, reason: str) -> None:
        self.passed_over[reason] = self.passed_over.get(reason, 0) + 1
