"""
Prints Keras's public layers, operations and activations as JSON.

Of a layer it says the class that a model file has for it, of an operation the class of the node that a call of it leaves in
a model: null where it leaves none, as what is made of other operations, or isn't about tensors of a model.
"""

import ast
import inspect
import json
import os
import sys
import textwrap

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402

OF_CONFIGURATIONS = {"get", "serialize", "deserialize"}


def layers():
    """The class of each layer, by its public names."""
    named = sorted(vars(keras.layers).items())
    return {name: value.__name__ for name, value in named if inspect.isclass(value) and issubclass(value, keras.layers.Layer)}


def called(function):
    """The names of what a function calls, outermost first."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    symbolic = [func.value for func in calls if isinstance(func, ast.Attribute) and func.attr in ("symbolic_call", "__call__")]
    direct = [func for func in calls if isinstance(func, (ast.Call, ast.Name))]
    return [getattr(node.func if isinstance(node, ast.Call) else node, "id", None) for node in (*symbolic, *direct)]


def operation(function, depth=3):
    """The class of the node that a function makes of symbolic tensors, its own or that of the function that it hands them to."""
    scope = sys.modules[function.__module__].__dict__
    for name in called(function):
        found = scope.get(name)
        if inspect.isclass(found) and issubclass(found, keras.Operation):
            return found.__name__
    returned = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0].body[-1]
    target = getattr(getattr(returned, "value", None), "func", None)
    other = scope.get(getattr(target, "id", None))
    return operation(other, depth - 1) if depth and inspect.isfunction(other) and other.__module__ == function.__module__ else None


def operations():
    """The class of each operation by its shortest public name: keras.ops.numpy and keras.ops.nn have most of them once more."""
    found = {}

    def walk(module, prefix):
        for name, value in sorted(vars(module).items()):
            if inspect.ismodule(value) and value.__name__.startswith(module.__name__ + "."):
                walk(value, f"{prefix}{name}.")
            elif inspect.isfunction(value) and (value not in found or f"{prefix}{name}".count(".") < found[value][0].count(".")):
                found[value] = [f"{prefix}{name}"]
            elif inspect.isfunction(value) and f"{prefix}{name}".count(".") == found[value][0].count("."):
                found[value].append(f"{prefix}{name}")

    walk(keras.ops, "")
    return {name: operation(function) for function, names in found.items() for name in names}


def activations():
    return sorted(name for name, value in vars(keras.activations).items() if inspect.isfunction(value) and name not in OF_CONFIGURATIONS)


if __name__ == "__main__":
    print(json.dumps({"version": keras.__version__, "layers": layers(), "operations": dict(sorted(operations().items())), "activations": activations()}))
