"""Runs Keras's own tests, and records every model that they build with Keras's answers.

    python conformance/keras-tests/record.py <folder> [--only pattern] [--again] [--jobs 2] [--minutes 30]

The tests are those that come with the installed Keras, of its layers, operations, activations and models. Each file of tests,
the largest in parts, runs in a process of its own and gets a folder with `<number>.keras`, `<number>.case.json`, what is done
of it (see progress.py) and, when that is all, `done.json`. What is done is not run again unless asked: stopped at any moment,
recording goes on from there. `units.json` names all that there is to run.
"""

import argparse
import json
import os
import re
import shutil
import signal
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import progress  # noqa: E402
import pytest  # noqa: E402
import recorder  # noqa: E402
import tensorflow as tf  # noqa: E402

FOLDERS = ("layers", "ops", "activations", "models")
PARTS = {"ops/numpy_test.py": 12, "ops/nn_test.py": 3, "ops/image_test.py": 3, "layers/convolutional/conv_transpose_test.py": 2}
SILENT_SECONDS = 240
"""After which a test that does not end is stopped (see progress.py)."""

MARKS = ("requires_trainable_backend", "multi_device", "skip_if_backend")


def units(root: str) -> list[tuple[str, int, int]]:
    """(file, part, parts), the smallest first: what is stopped early has asked about the most."""
    files = []
    for folder in FOLDERS:
        for path, folders, names in os.walk(os.path.join(root, folder)):
            folders.sort()
            files += [os.path.relpath(os.path.join(path, name), root) for name in sorted(names) if name.endswith("_test.py")]
    files.sort(key=lambda file: os.path.getsize(os.path.join(root, file)))
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
    if plugin.interrupted:
        return
    done = {"code": int(code), "cases": plugin.recorder.cases, "passedOver": plugin.recorder.passed_over}
    with open(os.path.join(folder, "done.json"), "w") as out:
        json.dump(done, out)


def start(root: str, unit: tuple[str, int, int], folder: str) -> int:
    os.makedirs(folder, exist_ok=True)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            run(root, *unit, folder)
            code = 0
        finally:
            os._exit(code)
    return child


def name_of(unit: tuple[str, int, int]) -> str:
    file, part, parts = unit
    return file.removesuffix(".py").replace("/", ".") + (f".{part}" if parts > 1 else "")


def is_done(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "done.json"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--only", default="", help="files of tests whose path holds this regular expression")
    parser.add_argument("--again", action="store_true", help="run again what is done")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (default 2)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after this; what is left is for the next time")
    options = parser.parse_args()
    root = recorder.source_folder()
    os.makedirs(options.folder, exist_ok=True)
    everything = units(root)
    with open(os.path.join(options.folder, "units.json"), "w") as out:
        json.dump([name_of(unit) for unit in everything], out)
    waiting = [(unit, os.path.join(os.path.abspath(options.folder), name_of(unit))) for unit in everything if re.search(options.only, unit[0])]
    if options.again:
        for _, folder in waiting:
            shutil.rmtree(folder, ignore_errors=True)
    waiting = [(unit, folder) for unit, folder in waiting if not is_done(folder)]
    until = time.monotonic() + options.minutes * 60
    running: dict[int, tuple[tuple[str, int, int], str, float]] = {}
    while waiting or running:
        while waiting and len(running) < options.jobs:
            unit, folder = waiting.pop(0)
            running[start(root, unit, folder)] = (unit, folder, time.monotonic())
        if time.monotonic() > until:
            for child in running:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            print(f"{len(waiting) + len(running)} files of tests are left; the same command goes on with them", file=sys.stderr)
            return 0
        child, _ = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            for late, (_, folder, since) in running.items():
                if time.monotonic() - since > SILENT_SECONDS and progress.silent_for(folder) > SILENT_SECONDS:
                    os.kill(late, signal.SIGKILL)
            time.sleep(0.1)
            continue
        unit, folder, since = running.pop(child)
        seconds = time.monotonic() - since
        done = os.path.join(folder, "done.json")
        if not is_done(folder) and progress.silent_for(folder) > seconds:
            with open(done, "w") as out:
                json.dump({"code": -1, "cases": 0, "passedOver": {}}, out)
        if is_done(folder):
            with open(done) as file:
                print(f"{name_of(unit)}: {json.load(file)['cases']} cases in {seconds:.0f} s, {len(waiting)} left", file=sys.stderr, flush=True)
        else:
            print(f"{name_of(unit)}: the process ended after {seconds:.0f} s, another goes on", file=sys.stderr, flush=True)
            waiting.insert(0, (unit, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
