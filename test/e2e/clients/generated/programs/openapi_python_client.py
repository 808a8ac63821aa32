import sys

from reconstruction_regressor_client import Client
from reconstruction_regressor_client.api.drift import get_drift
from reconstruction_regressor_client.api.model import get_version, predict
from reconstruction_regressor_client.models import DriftReply, ErrorReply, PredictBody, PredictReply, Row

ROW = Row(cylinders=8, displacement=307, horsepower=None, weight=3504, acceleration=12, model_year=70, origin=1)

with Client(sys.argv[1]) as client:
    body = PredictBody(instances=[ROW, [8, 307, None, 3504, 12, 70, 1]])
    reply = predict.sync(client=client, body=body)
    assert isinstance(reply, PredictReply), reply
    assert len(reply.predictions) == 2 and reply.predictions[0] == reply.predictions[1]
    assert 5 < reply.predictions[0][0] < 50
    drift = get_drift.sync(client=client)
    assert isinstance(drift, DriftReply) and not drift.detected
    missing = get_version.sync("99", client=client)
    assert isinstance(missing, ErrorReply) and missing.code == "VERSION_NOT_FOUND", missing
