"""Writes test/fixtures/sklearn-importance.json: permutation importance and partial dependence by scikit-learn, of a network of random weights.

Needs numpy and scikit-learn (made with scikit-learn 1.9). Run from the repository's root: python scripts/data/sklearn-fixtures.py
"""

import json

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence, permutation_importance

ROWS, COLUMNS, HIDDEN, TARGETS, REPEATS, SEED = 80, 4, [6, 5], 2, 7, 11
POINTS = 9


class Network(RegressorMixin, BaseEstimator):
    """SELU layers in the order of weights that src/model/network/shape.ts has, without the reconstruction."""

    def __init__(self, layers=(), target=0):
        self.layers = layers
        self.target = target

    def fit(self, x, y):
        self.is_fitted_ = True
        return self

    def predict(self, x):
        for kernel, bias in self.layers[:-1]:
            x = x @ kernel + bias
            x = 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))
        kernel, bias = self.layers[-1]
        return (x @ kernel + bias)[:, self.target]


def main():
    random = np.random.default_rng(5)
    sizes = [COLUMNS, *HIDDEN, TARGETS]
    layers = [
        (
            random.normal(0, 1 / np.sqrt(a), (a, b)).astype(np.float32),
            random.normal(0, 0.1, b).astype(np.float32),
        )
        for a, b in zip(sizes, sizes[1:])
    ]
    x = random.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    doubles = [(kernel.astype(float), bias.astype(float)) for kernel, bias in layers]
    models = [Network(doubles, target).fit(x, None) for target in range(TARGETS)]
    noise = random.normal(0, 0.3, (ROWS, TARGETS))
    y = (np.stack([model.predict(x.astype(float)) for model in models], axis=1) + noise).astype(np.float32)
    grid = np.linspace(-1.5, 1.5, POINTS).astype(np.float32)
    targets = []
    for target, model in enumerate(models):
        importance = permutation_importance(
            model,
            x.astype(float),
            y[:, target].astype(float),
            scoring="neg_root_mean_squared_error",
            n_repeats=REPEATS,
            random_state=SEED,
        )
        dependence = [
            partial_dependence(
                model, x.astype(float), [column], custom_values={column: grid.astype(float)}, method="brute"
            )["average"][0].tolist()
            for column in range(COLUMNS)
        ]
        targets.append(
            {
                "importances_mean": importance.importances_mean.tolist(),
                "importances_std": importance.importances_std.tolist(),
                "partial_dependence": dependence,
            }
        )
    fixture = {
        "made_with": f"scikit-learn {sklearn.__version__}",
        "hidden": HIDDEN,
        "weights": [float(value) for kernel, bias in layers for value in [*kernel.ravel(), *bias]],
        "rows": x.tolist(),
        "targets": y.tolist(),
        "permutations": permutations().tolist(),
        "grid": grid.tolist(),
        "sklearn": targets,
    }
    with open("test/fixtures/sklearn-importance.json", "w") as file:
        json.dump(fixture, file, indent=1)
        file.write("\n")


def permutations():
    """Returns the order of the rows in each repeat, which is the same for every column: each repeat shuffles the last one's."""
    seed = np.random.RandomState(SEED).randint(np.iinfo(np.int32).max + 1)
    random = np.random.RandomState(seed)
    shuffle = np.arange(ROWS)
    orders = [np.arange(ROWS)]
    for _ in range(REPEATS):
        random.shuffle(shuffle)
        orders.append(orders[-1][shuffle])
    return np.array(orders[1:])


main()
