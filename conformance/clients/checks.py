"""A list of checks that a script makes, printed as JSON when they are done."""

import json
import sys
import traceback
from typing import Callable

_checks: list[tuple[str, Callable[[], None]]] = []


def check(name: str):
    """Adds a function to the checks: it passes unless it raises."""

    def add(function):
        _checks.append((name, function))
        return function

    return add


def run() -> None:
    """Makes the checks and prints what became of each."""
    results = []
    for name, function in _checks:
        try:
            function()
            results.append({"name": name})
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            results.append({"name": name, "failed": f"{type(error).__name__}: {error}"[:500]})
    print(json.dumps(results))
