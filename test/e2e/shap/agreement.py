"""Compares contributions with those that `shap` computes from the ONNX export and the same background.

    python agreement.py <directory>

The directory has `model.onnx` and `case.json`: columns, background and rows as codes (null for a gap), and the contributions of each row.
Prints the largest differences as JSON: of exact values relative to the largest contribution, of estimates in their standard errors.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import shap

directory = Path(sys.argv[1])
case = json.loads((directory / "case.json").read_text())
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession((directory / "model.onnx").read_bytes(), options, providers=["CPUExecutionProvider"])

# A number that no code has stands for a gap: shap compares values, and NaN equals nothing.
GAP = -1e30
NO_TIME = np.iinfo(np.int64).min


def matrix(rows):
    return np.array([[GAP if code is None else code for code in row] for row in rows], dtype=np.float64)


def encode(codes, column):
    gap = codes == GAP
    kind = column["type"]
    if kind == "category":
        levels = [*column["levels"], "a level that the training did not have"]
        return np.array(["" if missing else levels[int(code)] for code, missing in zip(codes, gap)], dtype=object)
    if kind == "timestamp":
        unit = {"day": 86_400_000, "minute": 60_000, "second": 1000}[column["unit"]]
        times = column["origin"] + np.where(gap, 0, codes).astype(np.int64) * unit
        return np.where(gap, NO_TIME, times)
    return np.where(gap, np.nan, codes).astype(np.float32)


def predict(codes):
    columns = case["columns"]
    if columns is None:
        inputs = {"inputs": np.where(codes == GAP, np.nan, codes).astype(np.float32)}
    else:
        inputs = {c["name"]: encode(codes[:, j], c).reshape(-1, 1) for j, c in enumerate(columns)}
    return session.run(["prediction"], inputs)[0].astype(np.float64)


background = matrix(case["background"])
rows = matrix(case["rows"])
masker = shap.maskers.Independent(background, max_samples=len(background))
width = rows.shape[1]


def by_target(explanation):
    values = explanation.values
    return values if values.ndim == 3 else values[:, :, None]


exact = shap.explainers.Exact(predict, masker)(rows, max_evals=2**width, silent=True)
orders = shap.explainers.Permutation(predict, masker, seed=1)(rows, max_evals=20 * (2 * width + 1), silent=True)
references = {"exact": by_target(exact), "permutation": by_target(orders)}
base_values = np.reshape(exact.base_values, (len(rows), -1))

report = {"rows": len(rows), "columns": width, "background": len(background), "shap": shap.__version__}
for name, expected in references.items():
    relative, in_errors = 0.0, 0.0
    for r, contributions in enumerate(case["contributions"]):
        for t, own in enumerate(contributions):
            difference = np.abs(np.array(own["values"]) - expected[r, :, t]).max()
            relative = max(relative, difference / np.abs(expected[r, :, t]).max())
            if own["standard_error"] > 0:
                in_errors = max(in_errors, difference / own["standard_error"])
    report[name] = {"relative": relative, "standard_errors": in_errors}
bases = np.array([[own["base_value"] for own in contributions] for contributions in case["contributions"]])
report["base"] = float(np.abs(bases / base_values - 1).max())
print(json.dumps(report))
