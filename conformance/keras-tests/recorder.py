"""
Keras's own tests with every call of a layer, an operation or a model recorded: a plugin of pytest.

What the tests assert about Keras is of no concern here, so their assertions pass and nothing is trained.
"""

import functools
import inspect
import os
import sys
import time
import types
import unittest
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src import testing
from keras.src.models.functional import Functional
from keras.src.ops import core, einops, image, linalg, math, nn
from keras.src.ops import numpy as numpy_ops

from models import Recorder, Unrecordable, is_tensor, leaves, within
from progress import Progress

OPERATIONS = (numpy_ops, nn, math, core, linalg, image, einops)

TEST_SECONDS = 120
"""After which the calls of a test are no longer recorded."""

PASSED_OVER = {"convert_to_tensor", "convert_to_numpy", "shape", "dtype", "is_tensor"}
"""Functions that make no node of a model."""


class Plugin:
    def __init__(self, folder: str, shard: int, shards: int):
        self.recorder = Recorder(folder)
        self.progress = Progress(folder, self.recorder)
        self.interrupted = False
        self.shard, self.shards = shard, shards
        self.busy = False
        self.test = ""
        self.until = 0.0
        self.built: list = []
        self.wrap()

    def wrap(self) -> None:
        """Puts what records in the place of Keras's functions and methods."""
        for module in OPERATIONS:
            for name, function in list(vars(module).items()):
                if isinstance(function, types.FunctionType) and function.__module__ == module.__name__:
                    if not name.startswith("_") and name not in PASSED_OVER:
                        self.wrap_operation(module, name, function)
        self.wrap_method(keras.layers.Layer)
        original = Functional.__init__

        @functools.wraps(original)
        def build(model, *args, **kwargs):
            original(model, *args, **kwargs)
            if not self.busy:
                self.built.append(model)

        Functional.__init__ = build

    def wrap_operation(self, module, name: str, function) -> None:
        about = f"ops.{module.__name__.split('.')[-1]}.{name}" if module in (image, linalg) else f"ops.{name}"

        @functools.wraps(function)
        def recorded(*args, **kwargs):
            if self.busy or not self.wanted(args, kwargs):
                return function(*args, **kwargs)
            self.busy = True
            try:
                result = function(*args, **kwargs)
                self.record(about, function, args, kwargs)
                return result
            finally:
                self.busy = False

        setattr(module, name, recorded)
        for other in (keras.src.ops, keras.ops, getattr(keras.ops, "numpy"), keras.ops.image, keras.ops.linalg, keras.ops.nn):
            if getattr(other, name, None) is function:
                setattr(other, name, recorded)

    def wrap_method(self, owner) -> None:
        original = owner.__call__

        @functools.wraps(original)
        def call(layer, *args, **kwargs):
            ours = type(layer).__module__.startswith("keras.src.") and not isinstance(layer, keras.layers.Lambda)
            if self.busy or not ours or not self.wanted(args, kwargs):
                return original(layer, *args, **kwargs)
            self.busy = True
            try:
                result = original(layer, *args, **kwargs)
                given = {key: value for key, value in kwargs.items() if key != "training"}
                if not isinstance(layer, keras.Model) or isinstance(layer, (Functional, keras.Sequential)):
                    self.record(type(layer).__name__, functools.partial(original, layer), args, given)
                return result
            finally:
                self.busy = False

        owner.__call__ = call

    def wanted(self, args, kwargs) -> bool:
        """Whether a call has tensors that stand for themselves, not those of a function that is being traced."""
        if not self.test or not tf.executing_eagerly():
            return False
        found = leaves((args, kwargs))
        return bool(found) and all(is_tensor(leaf) for leaf in found)

    def record(self, about: str, function, args, kwargs) -> None:
        if time.monotonic() > self.until:
            return self.recorder.pass_over("late in a test that takes long")
        dtypes = "dtype" in self.test.lower()
        variants = ("rows",) if dtypes else ("rows", "fixed", "open", "constants")
        for variant in variants:
            self.attempt(lambda: self.recorder.call(about, self.test, function, args, kwargs, (variant,)))
            if any(isinstance(leaf, keras.KerasTensor) for leaf in leaves((args, kwargs))):
                break

    def attempt(self, action) -> None:
        try:
            action()
        except Unrecordable as error:
            self.recorder.pass_over(str(error))
        except Exception as error:
            self.recorder.pass_over(f"Keras: {type(error).__name__}")
            if os.environ.get("VERBOSE"):
                print(self.test, repr(error)[:300], file=sys.stderr)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items) -> None:
        items[:] = [item for item in items[self.shard :: self.shards] if item.nodeid not in self.progress.finished]

    def pytest_keyboard_interrupt(self) -> None:
        self.interrupted = True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        self.progress.start(item.nodeid)
        self.test = item.nodeid.split("keras/src/")[-1]
        self.built = []
        self.until = time.monotonic() + TEST_SECONDS
        outcome = None
        try:
            with within(TEST_SECONDS):
                outcome = yield
        finally:
            test, self.test = self.test, ""
            self.busy = True
            for model in self.built:
                if model.inputs:
                    self.attempt(lambda: self.recorder.model("models", test, "as given", model, None))
            self.busy = False
            if not outcome or not outcome.excinfo or outcome.excinfo[0] is not KeyboardInterrupt:
                self.progress.finish(item.nodeid)


def without_assertions() -> None:
    """Assertions of tests pass, so that each test runs to its end; nothing is trained."""
    for owner in (testing.TestCase, unittest.TestCase):
        for name, method in list(vars(owner).items()):
            if name.startswith("assert") and callable(method) and "Raises" not in name and "Warns" not in name:
                if name not in ("assertLogs", "assertNoLogs"):
                    setattr(owner, name, lambda *args, **kwargs: None)
    for name in ("assert_allclose", "assert_array_equal", "assert_equal", "assert_almost_equal"):
        setattr(np.testing, name, lambda *args, **kwargs: None)
    keras.Model.fit = lambda *args, **kwargs: mock.MagicMock()


class StandIn(mock.MagicMock):
    """Anything; as an array it has a dtype."""

    dtype = "float32"


def stand_ins() -> None:
    """Modules that tests import beside Keras: JAX, which a few compare with, Grain's data sets, and the conftest of Keras's repository."""
    stand_in = StandIn()
    for name in ("jax", "jax.numpy", "jax.experimental", "jax.experimental.sparse", "jax.image", "jax.scipy", "jax.nn", "grain"):
        sys.modules[name] = stand_in
    conftest = types.ModuleType("conftest")
    conftest.skip_if_backend = lambda *_: lambda function: function
    sys.modules["conftest"] = conftest


def source_folder() -> str:
    """Where the sources of the Keras that is installed are; its tests are beside them."""
    return os.path.dirname(inspect.getfile(keras.src))
