"""Records what real Keras answers for the model files in a folder.

    python conformance/reference.py <folder> [--again] [--missing] [--seconds 120]

Each file gets a case beside it, `<file>.case.json`: a seeded random input and Keras's output for it, or why there is none.
The Keras of the file's own generation is asked first (Keras 3, or tf-keras 2 for what Keras 1 and 2 wrote), then the
other; in an environment with an older Keras alone, `--missing` asks it what those two could not answer. Files are strangers' work: every one is loaded in a process of its own with bounds on time, memory and files, as
`nobody` where this process may choose, and one that holds Python code (Lambda) is not loaded at all.
"""

import argparse
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
import zlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from model_files import ModelFile, NoReference, find, load  # noqa: E402
from tensors import flat, record  # noqa: E402

try:
    import tf_keras
except ImportError:
    tf_keras = None

MEMORY = 16 << 30
FREE_SIZES = {2: (12, 32, 100), 3: (12, 32, 100), 4: (64, 128, 224, 32), 5: (16, 32)}
"""What an axis of any size is set to, by the tensor's rank: the first that the model takes."""

ROWS = 4

CODE = {"Lambda"}
WORDS = ("the", "a", "good", "film", "of", "it", "is", "not", "really", "free", "prize", "1", "red")
"""What texts are made of, beside the words that a model has in its config."""


def vocabularies(node) -> list[str]:
    """The words in the config of a model."""
    if isinstance(node, list):
        return [word for value in node for word in vocabularies(value)]
    if not isinstance(node, dict):
        return []
    given = node.get("vocabulary")
    own = [word for word in given if isinstance(word, str)] if isinstance(given, list) else []
    return own + [word for key, value in node.items() if key != "vocabulary" for word in vocabularies(value)]


def draw_texts(shape: list, file: ModelFile, random: np.random.Generator) -> np.ndarray:
    """Words one by one, and texts of them: as many as a row has strings, a word each where there are several."""
    words = [*WORDS, *vocabularies(file.config)]
    several = int(np.prod(shape[1:])) > 1 or "TextVectorization" not in file.classes
    texts = np.empty(int(np.prod(shape)), object)
    texts[:] = [" ".join(random.choice(words, 1 if several else random.integers(1, 20))).encode() for _ in texts]
    return texts.reshape(shape)


def vocabulary(file: ModelFile) -> int | None:
    """The number of integers that every lookup of the model knows."""
    sizes = []

    def visit(node):
        if isinstance(node, dict):
            config = node.get("config")
            if node.get("class_name") in ("Embedding", "CategoryEncoding") and isinstance(config, dict):
                sizes.append(config.get("input_dim") or config.get("num_tokens"))
            for value in node.values():
                visit(value)
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(file.config)
    return min((size for size in sizes if size), default=None)


def draw(tensor, size: int, file: ModelFile, random: np.random.Generator) -> np.ndarray:
    """
    A random input that suits the tensor: integers below the vocabulary, pixels for images, else around 0, each row
    smaller than the one before so that not every one of them saturates the model.
    """
    shape = [ROWS if tensor.shape[0] is None else tensor.shape[0]]
    shape += [size if axis is None else axis for axis in tensor.shape[1:]]
    if getattr(tensor.dtype, "name", tensor.dtype) == "string":
        return draw_texts(shape, file, random)
    dtype = np.dtype(getattr(tensor.dtype, "name", tensor.dtype))
    known = vocabulary(file)
    if known and len(shape) <= 3:
        return random.integers(0, known, shape).astype(dtype)
    if dtype.kind in "iu":
        return random.integers(0, 128, shape).astype(dtype)
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(bool)
    if len(shape) == 4 and shape[-1] in (1, 3, 4):
        return (random.random(shape) * (255 if "Rescaling" in file.classes else 1)).astype(dtype)
    scale = 0.3 ** np.arange(shape[0]).reshape([-1] + [1] * (len(shape) - 1))
    return (random.normal(0, 1, shape) * scale).astype(dtype)


def run(model, inputs: list) -> list:
    """The model's outputs as arrays. TensorFlow's own kernels know no channels first on a CPU; those of XLA do."""
    if any(value.dtype.kind == "O" for value in inputs):
        inputs = [tf.constant(value) for value in inputs]
    arguments = inputs if len(inputs) > 1 else inputs[0]
    try:
        outputs = model(arguments, training=False)
    except tf.errors.UnimplementedError:
        outputs = tf.function(model, jit_compile=True)(arguments, training=False)
    return [np.asarray(value) for value in flat(outputs)]


def nudge(value: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The array with its last bit of single precision changed at random."""
    if value.dtype.kind != "f":
        return value
    return (value * (1 + random.choice([-1.2e-7, 0, 1.2e-7], value.shape))).astype(value.dtype)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The greatest difference as a part of the greatest magnitude; none of strings."""
    if other.dtype.kind == "O":
        return 0.0
    one, other = np.float64(one), np.float64(other)
    return float(np.abs(one - other).max(initial=0) / max(1e-3, np.abs(other).max(initial=0)))


def answer(file: ModelFile, framework) -> dict:
    """Keras's output on a random input, as the fields of a case."""
    model = load(file, framework)
    if not getattr(model, "inputs", None):
        raise NoReference("a model that was saved before it was built")
    random = np.random.default_rng(zlib.crc32(os.path.basename(file.path).encode()))
    free = any(None in tensor.shape[1:] for tensor in model.inputs)
    rank = max(len(tensor.shape) for tensor in model.inputs)
    sizes = FREE_SIZES.get(rank, (8,)) if free else (0,)
    for size in sizes:
        inputs = [draw(tensor, size, file, random) for tensor in model.inputs]
        try:
            outputs = run(model, inputs)
            break
        except Exception:
            if size == sizes[-1]:
                raise
    names = [tensor.name.split(":")[0] for tensor in model.inputs]
    nudged = [nudge(value, random) for value in inputs]
    rounding = max(map(apart, run(model, nudged), outputs))
    return {
        "rounding": rounding,
        "keras": f"{framework.__name__.replace('_', '-')} {framework.__version__}",
        "inputs": [record(name, value) for name, value in zip(names, inputs)],
        "outputs": [record(f"output_{index}", value) for index, value in enumerate(outputs)],
    }


def case_of(file: ModelFile) -> dict:
    """The case of a file: Keras's answer, or `none` with the reason."""
    case = {"model": os.path.basename(file.path), "kind": file.kind, "version": file.version}
    if file.weights:
        case["weights"] = os.path.basename(file.weights)
    if any(half in json.dumps(file.config) for half in ("float16", "bfloat16")):
        case["tolerance"] = 1e-2
    if found := file.classes & CODE:
        return {**case, "none": f"holds Python code: {', '.join(sorted(found))}"}
    frameworks = [keras, tf_keras] if file.version.startswith("3") else [tf_keras, keras]
    failures = []
    for framework in filter(None, frameworks):
        try:
            return {**case, **answer(file, framework)}
        except NoReference as error:
            failures.append(str(error))
        except Exception as error:
            failures.append(f"{framework.__name__}: {type(error).__name__}: {str(error)[:400]}")
            if os.environ.get("VERBOSE"):
                traceback.print_exc()
    return {**case, "none": " | ".join(dict.fromkeys(failures))}


def in_child(file: ModelFile, seconds: int) -> dict:
    """`case_of` in a process of its own."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds * 2, seconds * 2))
            resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 20, 256 << 20))
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            with os.fdopen(theirs, "w") as pipe:
                json.dump(case_of(file), pipe)
        finally:
            os._exit(0)
    os.close(theirs)
    deadline = time.monotonic() + seconds
    parts = []
    with os.fdopen(ours, "rb") as pipe:
        while select.select([pipe], [], [], max(0, deadline - time.monotonic()))[0]:
            part = os.read(pipe.fileno(), 1 << 20)
            if not part:
                break
            parts.append(part)
        else:
            os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    try:
        return json.loads(b"".join(parts))
    except ValueError:
        return {"model": os.path.basename(file.path), "kind": file.kind, "version": file.version, "none": "Keras was stopped"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--again", action="store_true", help="ask again where a case exists")
    parser.add_argument("--missing", action="store_true", help="ask again where a case has no answer")
    parser.add_argument("--seconds", type=int, default=120, help="for one file (default 120)")
    options = parser.parse_args()
    files = find(options.folder)
    for index, file in enumerate(files):
        path = file.path + ".case.json"
        before = json.load(open(path)) if os.path.exists(path) else None
        if before and not options.again and not (options.missing and "none" in before):
            continue
        case = in_child(file, options.seconds)
        if before and "none" in case and options.missing:
            continue
        with open(path, "w") as out:
            json.dump(case, out)
        said = case.get("keras") or f"no reference: {case['none']}"
        print(f"[{index + 1}/{len(files)}] {os.path.relpath(file.path, options.folder)}: {said}"[:240], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
