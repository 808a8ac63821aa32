"""The scoring client of MLflow: a data frame, another column order, an array, and CSV as in its documentation."""
from urllib.parse import urlparse

import numpy as np
import pandas as pd
import requests
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

from expected import FEATURES, ROWS, same, url

address = urlparse(url())
client = ScoringServerClient(address.hostname, address.port)
client.ping()
assert client.get_version()
frame = pd.DataFrame(ROWS, columns=FEATURES)
same(client.invoke(frame).get_predictions().to_numpy())
same(client.invoke(frame[frame.columns[::-1]], params={"any": 1}).get_predictions().to_numpy())
same(client.invoke(np.array(ROWS, dtype=np.float32)).get_predictions().to_numpy())
reply = requests.post(f"{url()}/invocations", data=frame.to_csv(index=False), headers={"Content-Type": "text/csv"})
same(reply.json()["predictions"])
try:
    client.invoke(frame.drop(columns=[FEATURES[0]]))
    raise SystemExit("expected an error")
except Exception as error:
    assert FEATURES[0] in str(error) and "BAD_REQUEST" in str(error), error
