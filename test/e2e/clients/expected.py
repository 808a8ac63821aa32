"""Rows and their predictions from `POST /predict`. Every client must return the same numbers."""
import json
import sys
import urllib.request

import numpy as np

MODEL = "reconstruction_regressor"
FEATURES = ["cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year", "origin"]
ROWS = [[8, 307, 130, 3504, 12, 70, 1], [4, 97, 88, 2130, 14.5, 70, 3], [6, 225.5, 105, 3439, 15.5, 71, 1]]


def url():
    return sys.argv[1]


def _predictions():
    body = json.dumps({"instances": ROWS}).encode()
    request = urllib.request.Request(f"{url()}/predict", body, {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request))["predictions"]


EXPECTED = np.array(_predictions(), dtype=np.float32)


def same(predictions):
    """Asserts that predictions are bit-identical as float32."""
    got = np.asarray(predictions).astype(np.float32)
    assert got.shape == EXPECTED.shape and (got == EXPECTED).all(), (got, EXPECTED)
