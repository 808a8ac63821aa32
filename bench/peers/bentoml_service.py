"""BentoML with ONNX Runtime, one worker: VERSION=… bentoml serve bentoml_service:Regressor --port PORT"""

import os

import bentoml
import numpy as np
from network import Network


@bentoml.service(workers=1, traffic={"timeout": 60, "max_concurrency": 1000})
class Regressor:
    def __init__(self):
        self.session = Network(os.environ["VERSION"]).onnx_session()

    @bentoml.api
    def predict(self, instances: list[list[float]]) -> dict:
        predictions, errors = self.session.run(None, {"rows": np.asarray(instances, dtype="f4")})
        return {"predictions": predictions.tolist(), "reconstruction_error": errors.tolist(), "model_version": "1"}
