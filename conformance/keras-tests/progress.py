"""What is done of a file of tests, a line for each of its tests, so that recording goes on where it was stopped."""

import json
import os
import time
from collections import Counter

from models import Recorder

NAME = "progress.jsonl"

STARTS = 3
"""How often a test is started that never ends."""


def silent_for(folder: str) -> float:
    """Seconds since a test was last started or done; infinite where none was."""
    path = os.path.join(folder, NAME)
    return time.time() - os.path.getmtime(path) if os.path.exists(path) else float("inf")


class Progress:
    """Puts a recorder where the last process left it, and notes what it does from there."""

    def __init__(self, folder: str, recorder: Recorder):
        self.path = os.path.join(folder, NAME)
        self.recorder = recorder
        lines = list(self.lines())
        finished = [line for line in lines if "finished" in line]
        self.finished = {line["finished"] for line in finished}
        for line in finished:
            recorder.known.update(line["known"])
        if finished:
            recorder.cases, recorder.models, recorder.passed_over = (finished[-1][key] for key in ("cases", "models", "passedOver"))
        self.known = set(recorder.known)
        self.forget(folder)
        started = Counter(line["started"] for line in lines if "started" in line)
        for test, times in started.items():
            if times >= STARTS and test not in self.finished:
                recorder.pass_over("the process ended")
                self.finish(test)

    def lines(self):
        if os.path.exists(self.path):
            with open(self.path) as file:
                for line in file:
                    try:
                        yield json.loads(line)
                    except ValueError:  # cut off where a process ended
                        continue

    def forget(self, folder: str) -> None:
        """Removes what a test left that was not done."""
        for name in os.listdir(folder):
            number, _, kind = name.partition(".")
            if number.isdigit() and int(number) >= (self.recorder.cases if kind == "case.json" else self.recorder.models):
                os.remove(os.path.join(folder, name))

    def write(self, line: dict) -> None:
        with open(self.path, "a") as file:
            file.write("\n" + json.dumps(line) + "\n")

    def start(self, test: str) -> None:
        self.write({"started": test})

    def finish(self, test: str) -> None:
        recorder = self.recorder
        self.finished.add(test)
        counts = {"cases": recorder.cases, "models": recorder.models, "passedOver": recorder.passed_over}
        self.write({"finished": test, **counts, "known": sorted(recorder.known - self.known)})
        self.known = set(recorder.known)
