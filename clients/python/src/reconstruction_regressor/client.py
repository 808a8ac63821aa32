"""The client."""

from __future__ import annotations

import csv
import io
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from .drift import DriftReport
from .errors import ServiceError
from .tables import arrow_table, interval_names, parquet_of, read_predictions, stream_of
from .transport import Transport
from .types import Job, Model, Version

_ARROW = "application/vnd.apache.arrow.stream"
_PARQUET = "application/vnd.apache.parquet"
#: Rows of a request for predictions. Fewer are sent if the service refuses that many.
_BATCH_ROWS = 50_000
#: Rows of a request for contributions, which take a second or a few.
_EXPLAINED_ROWS = 1000
#: Rows of a request of feedback.
_FEEDBACK_ROWS = 5000


class Client:
    """A client of a service at `url`, such as `http://127.0.0.1:8080`.

    `token` is an API key or an access token, or a function that returns one. A request that an overloaded service refuses is sent
    up to `retries` times again. `timeout` is in seconds, without a reply. `ca_certs` is a PEM file of the issuers that an
    HTTPS service is trusted by. Methods raise `ServiceError`.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | Callable[[], str] | None = None,
        retries: int = 4,
        timeout: float = 60,
        ca_certs: str | None = None,
    ) -> None:
        self._transport = Transport(url, token, retries, timeout, ca_certs)

    def predict(self, frame: pd.DataFrame, *, interval: float | None = None) -> pd.DataFrame:
        """Predicts the rows of a frame, of any number, which has a column for each feature; others are ignored.

        Returns a column of float32 for each target, in its units, and `reconstruction_error`, with the index of `frame`.
        With `interval`, from 0.5 to 0.99, columns `<target>_low` and `<target>_high` hold the bounds that cover this share of
        true values; a version that cannot give them raises an error with the code `LEVEL_UNAVAILABLE` or `INTERVALS_UNAVAILABLE`.
        `attrs["model_versions"]` names the version that predicted: several if another one was activated meanwhile.
        """
        table = arrow_table(frame)
        parts: list[dict[str, np.ndarray]] = []
        versions: list[str] = []
        start, most = 0, _BATCH_ROWS
        while start < table.num_rows:
            part = table.slice(start, most)
            try:
                columns, version = self._predict(part, interval)
            except ServiceError as error:
                if error.status != 413 or part.num_rows == 1:
                    raise
                most = (part.num_rows + 1) // 2
                continue
            parts.append(columns)
            versions.append(version)
            start += part.num_rows
        if parts:
            names = list(parts[0])
        else:
            targets = self.model()["targets"]
            names = [*targets, *(interval_names(targets) if interval is not None else []), "reconstruction_error"]
        joined = {name: np.concatenate([part[name] for part in parts] or [np.zeros(0, np.float32)]) for name in names}
        predictions = pd.DataFrame(joined, index=frame.index)
        predictions.attrs["model_versions"] = list(dict.fromkeys(versions))
        return predictions

    def explain(self, frame: pd.DataFrame, target: str | None = None) -> pd.DataFrame:
        """Explains the predictions of `target`, by default the first target, of the rows of a frame.

        Returns what each feature contributes, in units of the target: a column of float64 for each, with the index of `frame`. With the
        base value, the mean prediction, a row adds up to its prediction; NaN marks a row too far out. `attrs["base_values"]` and
        `attrs["standard_errors"]`, 0 where the contributions are exact, have a number for each row.
        """
        model = self.model()
        if target is not None and target not in model["targets"]:
            raise ValueError(f"{target!r} is not a target of the model; expected one of {model['targets']}")
        place = 0 if target is None else model["targets"].index(target)
        table = arrow_table(frame)
        values: list[list[float]] = []
        bases: list[float] = []
        errors: list[float] = []
        for start in range(0, table.num_rows, _EXPLAINED_ROWS):
            body = stream_of(table.slice(start, _EXPLAINED_ROWS))
            headers = {"content-type": _ARROW, "accept": "application/json"}
            reply = self._transport.json("POST", "/predict", query={"explain": "true"}, body=body, headers=headers)
            for explanation in reply["explanations"]:
                contributions = (explanation["contributions"] or [None] * (place + 1))[place] or {}
                own = contributions.get("values", {})
                values.append([own.get(name, np.nan) for name in model["features"]])
                bases.append(contributions.get("base_value", np.nan))
                errors.append(contributions.get("standard_error", np.nan))
        numbers = np.array(values, np.float64).reshape(-1, len(model["features"]))
        explained = pd.DataFrame(numbers, index=frame.index, columns=model["features"])
        explained.attrs["base_values"] = bases
        explained.attrs["standard_errors"] = errors
        return explained

    def _predict(self, table: pa.Table, interval: float | None) -> tuple[dict[str, np.ndarray], str]:
        headers = {"content-type": _ARROW, "accept": _ARROW}
        query = {"interval": interval}
        reply = self._transport.request("POST", "/predict", query=query, body=stream_of(table), headers=headers)
        return read_predictions(reply.data)

    def train(
        self,
        frame: pd.DataFrame,
        target: str | Sequence[str],
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        validation_split: float | None = None,
        patience: int | None = None,
        seed: int | None = None,
        trials: int | None = None,
        budget_seconds: float | None = None,
        members: int | None = None,
        target_transform: Literal["auto", "none", "log1p"] | None = None,
        features: Sequence[str] | None = None,
        drop: Sequence[str] | None = None,
        types: Mapping[str, Literal["number", "category", "boolean", "timestamp"]] | None = None,
        promote: Literal["gate", "always", "never"] | None = None,
        replace: bool = False,
        on_progress: Callable[[Job], None] | None = None,
    ) -> Job:
        """Trains a new version on a frame, and returns the training when it has ended.

        The version serves unless it is worse than the serving one, or as `promote` says; `replace` accepts other columns than
        those of the serving version. A first version serves if its held-out rows show that it predicts better than the mean:
        see `gate` in the result. `on_progress` is called with the state of the training about once a second. An
        interruption, such as Ctrl-C, cancels the training.
        """
        query = {
            "target": _list([target] if isinstance(target, str) else target),
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "validation_split": validation_split,
            "patience": patience,
            "seed": seed,
            "trials": trials,
            "budget_seconds": budget_seconds,
            "members": members,
            "target_transform": target_transform,
            "features": _list(features),
            "drop": _list(drop),
            "types": _list(None if types is None else [f"{name}:{kind}" for name, kind in types.items()]),
            "promote": promote,
            "replace": replace or None,
        }
        body = parquet_of(arrow_table(frame))
        headers = {"content-type": _PARQUET}
        # The service replies once it has read the table.
        started = self._transport.json("POST", "/train", query=query, body=body, headers=headers, once=True, patient=True)
        job = cast(Job, started)
        try:
            while job["state"] == "running":
                if on_progress:
                    on_progress(job)
                time.sleep(min(1, 0.1 + job["seconds"] / 5))
                job = cast(Job, self._transport.json("GET", f"/train/{job['id']}"))
        except BaseException:
            self._cancel(job["id"])
            raise
        if on_progress:
            on_progress(job)
        error = job["error"]
        if error:
            raise ServiceError(error["message"], 0, error["code"])
        return job

    def _cancel(self, job: str) -> None:
        try:
            cancelled = cast(Job, self._transport.json("DELETE", f"/train/{job}"))
            # The first time may have ended the search alone.
            if cancelled["state"] == "running":
                self._transport.json("DELETE", f"/train/{job}")
        except ServiceError:
            pass  # The error of the training counts.

    def feedback(self, frame: pd.DataFrame, target: str | Sequence[str]) -> int:
        """Sends rows with their true targets, by which the service measures its errors. Returns the number of rows stored."""
        names = json.dumps([target] if isinstance(target, str) else list(target))
        stored = 0
        for start in range(0, len(frame), _FEEDBACK_ROWS):
            part = frame.iloc[start : start + _FEEDBACK_ROWS]
            rows = part.to_json(orient="records", date_format="iso", double_precision=15)
            body = f'{{"instances": {rows}, "target": {names}}}'.encode()
            # The service counts rows of a request that is sent again once.
            headers = {"content-type": "application/json", "idempotency-key": secrets.token_hex(16)}
            stored += int(self._transport.json("POST", "/feedback", body=body, headers=headers)["rows"])
        return stored

    def drift(self) -> DriftReport:
        """Reports whether the rows that were predicted still look like the training data, and which columns moved."""
        return DriftReport.of(self._transport.json("GET", "/drift"))

    def reset_drift(self) -> DriftReport:
        """Forgets all rows and alarms."""
        return DriftReport.of(self._transport.json("POST", "/drift/reset"))

    def model(self) -> Model:
        """Returns the card of the version that serves."""
        return cast(Model, self._transport.json("GET", "/model"))

    def versions(self) -> list[Version]:
        """Lists the versions, the newest first."""
        return cast("list[Version]", self._transport.json("GET", "/models")["models"])

    def activate(self, version: str | int) -> str:
        """Makes a version production. Returns it."""
        return str(self._transport.json("POST", f"/models/{version}/activate")["model_version"])

    def rollback(self) -> str:
        """Makes the previous version production again. Returns it."""
        return str(self._transport.json("POST", "/models/rollback", once=True)["model_version"])


def _list(names: Sequence[str] | None) -> str | None:
    """Writes names as the service reads lists: as a line of CSV."""
    if not names:
        return None
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()
