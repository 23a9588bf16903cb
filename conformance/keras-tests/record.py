"""Runs Keras's own tests, and records every model that they build with Keras's answers.

    python conformance/keras-tests/record.py <folder> [--only text] [--again] [--jobs 2]

The tests are those that come with the installed Keras, of its layers, operations, activations and models. Each file of tests,
the largest in parts, runs in a process of its own and gets a folder with `<number>.keras`, `<number>.case.json` and, when it
is done, `done.json`; what is done is not run again unless asked.
"""

import argparse
import json
import os
import shutil
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import pytest  # noqa: E402
import recorder  # noqa: E402
import tensorflow as tf  # noqa: E402

FOLDERS = ("layers", "ops", "activations", "models")
PARTS = {"ops/numpy_test.py": 12, "ops/nn_test.py": 3, "ops/image_test.py": 3, "layers/convolutional/conv_transpose_test.py": 2}
SECONDS = 1200
"""For one file or part."""

MARKS = ("requires_trainable_backend", "multi_device", "skip_if_backend")


def units(root: str) -> list[tuple[str, int, int]]:
    """(file, part, parts), the largest first."""
    files = []
    for folder in FOLDERS:
        for path, folders, names in os.walk(os.path.join(root, folder)):
            folders.sort()
            files += [os.path.relpath(os.path.join(path, name), root) for name in sorted(names) if name.endswith("_test.py")]
    files.sort(key=lambda file: -os.path.getsize(os.path.join(root, file)))
    return [(file, part, PARTS.get(file, 1)) for file in files for part in range(PARTS.get(file, 1))]


def run(root: str, file: str, part: int, parts: int, folder: str) -> None:
    """One file of tests, in this process."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with open(os.devnull if not os.environ.get("VERBOSE") else "/dev/stderr", "w") as quiet:
        os.dup2(quiet.fileno(), 1)
        if not os.environ.get("VERBOSE"):
            os.dup2(quiet.fileno(), 2)
    recorder.without_assertions()
    recorder.stand_ins()
    plugin = recorder.Plugin(folder, part, parts)
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", root, "--disable-warnings", "--tb=native"]
    marks = [option for mark in MARKS for option in ("-o", f"markers={mark}")]
    code = pytest.main([os.path.join(root, file), *options, *marks], plugins=[plugin])
    done = {"code": int(code), "cases": plugin.recorder.cases, "passedOver": plugin.recorder.passed_over}
    with open(os.path.join(folder, "done.json"), "w") as out:
        json.dump(done, out)


def start(root: str, unit: tuple[str, int, int], folder: str) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            run(root, *unit, folder)
            code = 0
        finally:
            os._exit(code)
    return child


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--only", default="", help="files of tests whose path contains this")
    parser.add_argument("--again", action="store_true", help="run again what is done")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (default 2)")
    options = parser.parse_args()
    root = recorder.source_folder()
    waiting = []
    for unit in units(root):
        file, part, parts = unit
        name = file.removesuffix(".py") + (f".{part}" if parts > 1 else "")
        folder = os.path.join(os.path.abspath(options.folder), name.replace("/", "."))
        if options.only in file and (options.again or not os.path.exists(os.path.join(folder, "done.json"))):
            waiting.append((name, unit, folder))
    running: dict[int, tuple[str, str, float]] = {}
    while waiting or running:
        while waiting and len(running) < options.jobs:
            name, unit, folder = waiting.pop(0)
            running[start(root, unit, folder)] = (name, folder, time.monotonic())
        child, _ = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            for late, (_, _, since) in running.items():
                if time.monotonic() - since > SECONDS:
                    os.kill(late, 9)
            time.sleep(0.1)
            continue
        name, folder, since = running.pop(child)
        done = os.path.join(folder, "done.json")
        if not os.path.exists(done):
            with open(done, "w") as out:
                json.dump({"code": -1, "cases": len([one for one in os.listdir(folder) if one.endswith(".case.json")]), "passedOver": {}}, out)
        with open(done) as file:
            found = json.load(file)
        state = "" if found["code"] >= 0 else ", then the process ended"
        print(f"{name}: {found['cases']} cases in {time.monotonic() - since:.0f} s{state}, {len(waiting)} left", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
