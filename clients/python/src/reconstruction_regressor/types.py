"""Replies of the service, with the fields that most programs need. All have more: see `/docs` of the service."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class TargetMetrics(TypedDict):
    """Errors of one target on held-out rows, in its units; those of the mean of the training rows beside them."""

    rmse: float
    mae: float
    r2: float | None
    baseline_rmse: float
    baseline_mae: float


class Metrics(TypedDict):
    rows: int
    prediction_error: float
    reconstruction_error: float
    targets: dict[str, TargetMetrics]


class BaselineErrors(TypedDict):
    rmse: float
    mae: float


class MeanBaseline(TypedDict):
    targets: dict[str, BaselineErrors]


class RidgeBaseline(TypedDict):
    rows: int
    targets: dict[str, BaselineErrors]


class Baselines(TypedDict):
    """Errors of the mean and of a ridge regression on the same held-out rows, by target and in its units."""

    mean: MeanBaseline
    ridge: RidgeBaseline | None


class Epoch(TypedDict):
    epoch: int
    loss: float
    val_loss: float
    val_prediction_error: float


class Gate(TypedDict):
    """Whether a new version may serve, and why. A version with warnings may serve all the same."""

    decision: Literal["promoted", "refused", "not_asked"]
    reason: str
    warnings: list[str]


class JobError(TypedDict):
    code: str
    message: str


class Job(TypedDict):
    """A training."""

    id: str
    state: Literal["running", "succeeded", "failed", "cancelled"]
    epoch: int
    seconds: float
    seconds_left: float | None
    rows: int
    dropped: int
    history: list[Epoch]
    metrics: Metrics | None
    baselines: Baselines | None
    model_version: str | None
    gate: Gate | None
    error: JobError | None


class Version(TypedDict):
    """A version in the list of versions."""

    model_version: str
    created_at: str
    rows: int
    aliases: list[str]
    serving: bool
    metrics: Metrics


class Model(TypedDict):
    """The version that serves."""

    model_version: str
    name: str
    features: list[str]
    targets: list[str]
    metrics: Metrics
    input_schema: dict[str, Any]
