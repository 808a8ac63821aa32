"""The report of drift."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

_FIELDS = ["name", "kind", "detected", "words", "psi", "mean_shift", "missing", "p_value"]


@dataclass(frozen=True)
class DriftReport:
    """Whether the rows that were predicted still look like the training data."""

    detected: bool
    model_version: str
    #: Rows that were counted since the version serves.
    rows: int
    #: `drift`, `no_drift`, `cannot_tell` or `too_few_rows`, of the window that was tested last.
    verdict: str
    #: The groups whose alarm is on.
    alarms: list[str]
    #: A row for each feature and prediction of that window, the likeliest cause first; `words` says what changed.
    columns: pd.DataFrame = field(repr=False)
    #: The whole reply.
    reply: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, reply: dict[str, Any]) -> DriftReport:
        latest = reply["windows"][0]
        return cls(
            detected=reply["detected"],
            model_version=reply["model_version"],
            rows=reply["rows"],
            verdict=latest["verdict"],
            alarms=[group["group"] for group in reply["groups"] if group["detected"]],
            columns=pd.DataFrame([{name: column[name] for name in _FIELDS} for column in latest["columns"]], columns=_FIELDS),
            reply=reply,
        )
