"""Fits a ColumnTransformer of scikit-learn as tables have it, and times its `transform`.

Usage: python bench/transform.py FOLDER ROWS ROUNDS

Writes FOLDER/transformer.pkl and FOLDER/rows.json, the columns it is asked about with what comes out of the first rows, and prints the
milliseconds of each round.
"""
import json
import pathlib
import pickle
import sys
import time

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

folder, rows, rounds = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(5)
frame = pd.DataFrame(
    {
        **{f"number{index}": random.normal(index, 1 + index, rows) for index in range(6)},
        "city": random.choice(["Berlin", "Paris", "Rome", "Oslo"], rows),
        "plan": random.choice(["basic", "family", "business"], rows),
        "month": random.choice(list("abcdefghijkl"), rows),
    }
)
transformer = ColumnTransformer(
    [
        ("standard", StandardScaler(), [f"number{index}" for index in range(3)]),
        ("range", MinMaxScaler(), [f"number{index}" for index in range(3, 6)]),
        ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city", "plan", "month"]),
    ]
).fit(frame)
(folder / "transformer.pkl").write_bytes(pickle.dumps(transformer))
first = transformer.transform(frame[:3]).tolist()
columns = {name: frame[name].tolist() for name in frame}
(folder / "rows.json").write_text(json.dumps({"columns": columns, "first": first}))
times = []
for _ in range(rounds):
    start = time.perf_counter()
    transformer.transform(frame)
    times.append((time.perf_counter() - start) * 1000)
print(json.dumps(times))
