"""Writes test/fixtures/sklearn-ridge.json: ridge regressions by scikit-learn, on inputs as encoded columns have them.

Needs numpy and scikit-learn (made with scikit-learn 1.9.1). Run from the repository's root: python scripts/data/ridge-fixtures.py
The penalties by generalised cross-validation follow from a singular value decomposition, as Golub, Heath and Wahba define them.
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import Ridge

PENALTIES = [10 ** (i / 2 - 2) for i in range(13)]


def inputs_of(rng, rows):
    """Standardised numbers, two of them equal, and a category in one-hot code whose variances add up to 1."""
    numbers = rng.normal(size=(rows, 3))
    levels = np.eye(4)[rng.choice(4, size=rows, p=[0.5, 0.3, 0.15, 0.05])]
    category = levels / np.sqrt(levels.var(axis=0).sum())
    constant = np.zeros((rows, 1))
    return np.hstack([numbers, numbers[:, :1], category, constant]).astype(np.float32)


def penalty_by_gcv(inputs, target):
    rows = len(inputs)
    left, values, _ = np.linalg.svd(inputs - inputs.mean(axis=0), full_matrices=False)
    centred = target - target.mean()
    scores = []
    for penalty in PENALTIES:
        shares = values**2 / (values**2 + penalty)
        residuals = centred - left @ (shares * (left.T @ centred))
        scores.append(np.sum(residuals**2) / (1 - (1 + shares.sum()) / rows) ** 2)
    return PENALTIES[int(np.argmin(scores))]


def case(rng, rows, noise):
    inputs = inputs_of(rng, rows)
    slopes = rng.normal(size=(inputs.shape[1], 2))
    targets = (inputs @ slopes + np.array([3, -1]) + rng.normal(size=(rows, 2)) * noise).astype(np.float32)
    exact = inputs.astype(np.float64)
    fits = []
    for target in targets.T.astype(np.float64):
        penalty = penalty_by_gcv(exact, target)
        model = Ridge(alpha=penalty, solver="cholesky").fit(exact, target)
        fits.append({"penalty": penalty, "coefficients": model.coef_.tolist(), "intercept": float(model.intercept_)})
    return {"inputs": inputs.tolist(), "targets": targets.tolist(), "fits": fits}


if __name__ == "__main__":
    rng = np.random.default_rng(20261130)
    cases = [case(rng, rows, noise) for rows, noise in [(60, (0.3, 8.0)), (8, (0.1, 2.0)), (200, (2.0, 40.0))]]
    with open("test/fixtures/sklearn-ridge.json", "w") as file:
        json.dump({"scikit-learn": sklearn.__version__, "cases": cases}, file)
        file.write("\n")
