import http.server
import json
import threading
import urllib.request

import numpy as np
import pandas as pd
import pytest

from reconstruction_regressor import Client, ServiceError
from reconstruction_regressor import client as client_module
from reconstruction_regressor.tables import interval_names


def test_trains_predicts_and_reports_drift(client, cars):
    states = []
    job = client.train(cars, "mpg", replace=True, promote="always", on_progress=lambda job: states.append(job["state"]))
    assert job["state"] == "succeeded" and states[-1] == "succeeded"
    metrics = job["metrics"]["targets"]["mpg"]
    assert metrics["rmse"] < metrics["baseline_rmse"] / 2
    assert client.model()["model_version"] == job["model_version"]

    client.reset_drift()
    rows = cars.drop(columns="mpg").sample(50, random_state=1)
    predictions = client.predict(rows)
    assert list(predictions.columns) == ["mpg", "reconstruction_error"]
    assert predictions.index.equals(rows.index)
    assert predictions.attrs["model_versions"] == [job["model_version"]]
    # The same bits as by JSON. Other columns and their order do not matter.
    body = json.dumps({"instances": json.loads(rows.to_json(orient="records"))}).encode()
    request = urllib.request.Request(f"{client._transport.url}/predict", body, {"content-type": "application/json"})
    expected = np.asarray(json.load(urllib.request.urlopen(request))["predictions"], dtype=np.float32)
    assert (predictions["mpg"].to_numpy() == expected[:, 0]).all()
    shuffled = client.predict(cars.loc[rows.index, cars.columns[::-1]])
    pd.testing.assert_frame_equal(shuffled, predictions)

    drift = client.drift()
    assert not drift.detected and drift.model_version == job["model_version"] and drift.rows >= 50
    assert {"weight", "mpg"} <= set(drift.columns["name"])
    assert client.reset_drift().alarms == []
    assert client.feedback(cars.dropna().head(20), "mpg") == 20


def test_large_frames_go_in_batches_that_halve_if_they_are_too_large(client, cars, monkeypatch):
    many = pd.concat([cars] * 300, ignore_index=True)
    whole = client.predict(many)
    assert len(many) > 100_000 and len(whole) == len(many)
    monkeypatch.setattr(client_module, "_BATCH_ROWS", len(many))
    pd.testing.assert_frame_equal(client.predict(many), whole)
    assert list(client.predict(cars.head(0)).columns) == ["mpg", "reconstruction_error"]


def test_explain(client, cars):
    rows = cars.drop(columns="mpg").head(7)
    contributions = client.explain(rows)
    assert list(contributions.columns) == client.model()["features"]
    assert contributions.index.equals(rows.index)
    sums = contributions.sum(axis=1) + contributions.attrs["base_values"]
    np.testing.assert_allclose(sums, client.predict(rows)["mpg"], rtol=1e-5)
    assert contributions.attrs["standard_errors"] == [0] * 7
    assert client.explain(rows, "mpg").equals(contributions)
    assert client.explain(rows.head(0)).shape == (0, len(contributions.columns))
    with pytest.raises(ValueError):
        client.explain(rows, "price")


def test_intervals(client, cars):
    client.train(cars, "mpg", replace=True, promote="always", seed=3)
    rows = cars.dropna(subset=["mpg"])
    plain = client.predict(rows)
    predictions = client.predict(rows, interval=0.9)
    assert list(predictions.columns) == ["mpg", "mpg_low", "mpg_high", "reconstruction_error"]
    pd.testing.assert_frame_equal(predictions[plain.columns], plain)
    assert predictions.index.equals(rows.index)
    assert (predictions["mpg_low"] < predictions["mpg"]).all() and (predictions["mpg"] < predictions["mpg_high"]).all()
    covered = rows["mpg"].between(predictions["mpg_low"], predictions["mpg_high"]).mean()
    assert 0.8 < covered <= 1
    wider = client.predict(rows, interval=0.95)
    assert (wider["mpg_high"] >= predictions["mpg_high"]).all()
    assert list(client.predict(cars.head(0), interval=0.9).columns) == list(predictions.columns)
    with pytest.raises(ServiceError) as caught:
        client.predict(rows, interval=1)
    assert (caught.value.status, caught.value.code) == (400, "INVALID_QUERY")


def test_columns_of_bounds_have_names_of_their_own():
    assert interval_names(["y"]) == ["y_low", "y_high"]
    assert interval_names(["y", "y_low"]) == ["y_low_2", "y_high", "y_low_low", "y_low_high"]


def test_columns_of_all_types(client):
    random = np.random.default_rng(1)
    count = 600
    frame = pd.DataFrame(
        {
            "size, m²": random.normal(50, 10, count),
            "heating": pd.Categorical(random.choice(["gas", "oil"], count)),
            "pool": random.random(count) < 0.5,
            "sold": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300 * 86400, count), unit="s"),
            "rooms": pd.array(random.integers(1, 6, count), dtype="Int64"),
        }
    )
    frame.loc[::7, "rooms"] = pd.NA
    frame["price, €"] = frame["size, m²"] * 2 + (frame["heating"] == "gas") * 20 + frame["pool"] * 30
    job = client.train(frame, "price, €", types={"rooms": "number"}, drop=[], replace=True, promote="always", epochs=30)
    assert job["rows"] == count
    predictions = client.predict(frame)
    assert abs(predictions["price, €"] - frame["price, €"]).mean() < 15
    assert client.feedback(frame.head(10), "price, €") == 10
    with pytest.raises(ServiceError, match="heating") as caught:
        client.predict(frame.drop(columns="heating"))
    assert (caught.value.status, caught.value.code) == (400, "INVALID_ROWS")
    assert caught.value.request_id
    with pytest.raises(ValueError, match="mixed"):
        client.predict(pd.DataFrame({"a": [1, "x", object()]}))


def test_versions(client, cars):
    first = client.train(cars, ["mpg"], replace=True, promote="always", epochs=2, seed=1)["model_version"]
    second = client.train(cars, ["mpg"], promote="always", epochs=2, seed=2)["model_version"]
    assert [version["model_version"] for version in client.versions()][:2] == [second, first]
    assert client.rollback() == first
    assert client.activate(second) == second


def test_errors(client, cars):
    with pytest.raises(ServiceError) as caught:
        client.train(cars, "none", replace=True)
    assert (caught.value.status, caught.value.code) == (400, "UNKNOWN_COLUMN")
    with pytest.raises(ServiceError) as caught:
        Client("http://127.0.0.1:9", retries=0).model()
    assert (caught.value.status, caught.value.code) == (0, "UNREACHABLE")
    with pytest.raises(ValueError, match="expected an address"):
        Client("localhost:8080")


@pytest.mark.parametrize("options", [{"url": "http://user:planted@127.0.0.1"}, {"token": "planted\nx"}, {"token": "planted…"}])
def test_no_error_repeats_a_credential(options):
    with pytest.raises(ValueError, match="expected") as raised:
        Client(**{"url": "http://127.0.0.1:1", **options}).versions()
    assert "planted" not in str(raised.value)


def test_an_interruption_cancels_the_training(client, cars):
    seen = []

    def interrupt(job):
        seen.append(job["id"])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.train(cars, "mpg", replace=True, epochs=100_000, patience=100_000, on_progress=interrupt)
    while (job := client._transport.json("GET", f"/train/{seen[0]}"))["state"] == "running":
        pass
    assert job["state"] == "cancelled"


@pytest.fixture
def busy():
    """A server that refuses the first requests as an overloaded service does, and breaks off what asks for it."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get("content-length", 0))
            seen.append((self.path, self.rfile.read(length), self.headers.get("authorization")))
            if self.path == "/models/rollback":
                self.close_connection = True
                return
            self.reply(503 if len(seen) == 1 else 429 if len(seen) == 2 else 200)

        def reply(self, status):
            body = {"error": "later", "code": "OVERLOADED", "request_id": "r"} if status != 200 else {"rows": 1}
            content = json.dumps(body).encode()
            self.send_response(status)
            if status == 503:
                self.send_header("retry-after", "0")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()


def test_what_is_refused_is_sent_again_with_its_body_and_token(busy):
    address, seen = busy
    tokens = iter("abc")
    client = Client(address, token=lambda: next(tokens))
    assert client.feedback(pd.DataFrame({"a": [1], "y": [2]}), "y") == 1
    assert len(seen) == 3 and len(set(seen)) == 1
    assert seen[0][2] == "Bearer a"


def test_a_refusal_counts_after_the_last_attempt(busy):
    address, seen = busy
    with pytest.raises(ServiceError, match="later") as caught:
        Client(address, retries=0).feedback(pd.DataFrame({"a": [1], "y": [2]}), "y")
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (503, "OVERLOADED", "r")
    assert len(seen) == 1


def test_what_must_not_happen_twice_is_not_sent_again_without_a_reply(busy):
    address, seen = busy
    with pytest.raises(ServiceError) as caught:
        Client(address).rollback()
    assert caught.value.code == "UNREACHABLE" and len(seen) == 1
