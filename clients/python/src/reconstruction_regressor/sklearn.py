"""A regressor of scikit-learn that trains and predicts in the service: `pip install reconstruction-regressor[sklearn]`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from .client import Client
from .types import Job


class _Hidden(str):
    """A text that scikit-learn, notebooks and tracebacks do not show with the parameters of an estimator."""

    def __repr__(self) -> str:
        return "'***'"


class ReconstructionRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Trains a version of the service at `url` with `fit`, which then serves there, and predicts with it.

    Frames keep their columns, so that categories, times and gaps are learned as they are; the columns of arrays are named
    `x0`, `x1` and so on. A service has one model at a time: `predict` raises an error if another version serves meanwhile, so
    searches and cross-validations need `n_jobs=1`.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        *,
        token: str | Callable[[], str] | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        learning_rate: float = 0.001,
        patience: int = 10,
        seed: int = 42,
    ) -> None:
        self.url = url
        self.token = token
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.patience = patience
        self.seed = seed

    @property
    def token(self) -> str | Callable[[], str] | None:
        return self._token

    @token.setter
    def token(self, token: str | Callable[[], str] | None) -> None:
        # One that is hidden already stays the same object: a clone has its parameters as they were given.
        self._token = _Hidden(token) if type(token) is str else token

    def fit(self, X: pd.DataFrame | npt.ArrayLike, y: pd.Series[Any] | pd.DataFrame | npt.ArrayLike) -> ReconstructionRegressor:
        """Trains on rows and their targets: an array `[rows]`, or `[rows, targets]`."""
        frame = _frame(X)
        targets = _targets(y, frame)
        client = Client(self.url, token=self.token)
        self.job_: Job = client.train(
            pd.concat([frame, targets], axis="columns"),
            list(targets.columns),
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            patience=self.patience,
            seed=self.seed,
            promote="always",
            replace=True,
        )
        self.model_version_ = self.job_["model_version"]
        self.n_features_in_ = frame.shape[1]
        if isinstance(X, pd.DataFrame):
            self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.targets_ = list(targets.columns)
        self._is_flat = targets.shape[1] == 1 and np.ndim(y) == 1
        return self

    def predict(self, X: pd.DataFrame | npt.ArrayLike) -> np.ndarray:
        """Predicts rows: `[rows]`, or `[rows, targets]` if it was fitted with such targets."""
        check_is_fitted(self)
        predictions = Client(self.url, token=self.token).predict(_frame(X))
        others = [version for version in predictions.attrs["model_versions"] if version != self.model_version_]
        if others:
            raise RuntimeError(
                f"version {others[0]} serves at {self.url}, and not {self.model_version_}, which this regressor trained"
            )
        values = predictions[self.targets_].to_numpy(dtype=np.float64)
        return values[:, 0] if self._is_flat else values


def _frame(X: pd.DataFrame | npt.ArrayLike) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        return X.rename(columns=str).reset_index(drop=True)
    rows = np.asarray(X)
    if rows.ndim != 2:
        raise ValueError(f"X: expected 2 dimensions, [rows, features], got {rows.ndim}")
    return pd.DataFrame(rows, columns=[f"x{j}" for j in range(rows.shape[1])]).infer_objects()


def _targets(y: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the targets, with names that no feature has."""
    values = np.asarray(y)
    values = values.reshape(len(values), -1)
    if len(values) != len(frame):
        raise ValueError(f"y: expected {len(frame)} rows, as in X, got {len(values)}")
    if isinstance(y, pd.DataFrame):
        names = [str(name) for name in y.columns]
    elif isinstance(y, pd.Series) and isinstance(y.name, str):
        names = [y.name]
    else:
        names = [f"y{j}" for j in range(values.shape[1])]
    taken = set(frame.columns)
    return pd.DataFrame(values, columns=[f"{name}_target" if name in taken else name for name in names])
