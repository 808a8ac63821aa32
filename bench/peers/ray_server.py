"""Ray Serve with ONNX Runtime, one replica: python ray_server.py VERSION PORT"""

import sys

import numpy as np
import ray
from network import Network
from ray import serve


@serve.deployment(num_replicas=1, max_ongoing_requests=1000)
class Regressor:
    def __init__(self, version):
        self.session = Network(version).onnx_session()

    async def __call__(self, request):
        instances = (await request.json())["instances"]
        predictions, errors = self.session.run(None, {"rows": np.asarray(instances, dtype="f4")})
        return {"predictions": predictions.tolist(), "reconstruction_error": errors.tolist(), "model_version": "1"}


if __name__ == "__main__":
    ray.init(address="local", include_dashboard=False, log_to_driver=False, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[2])})
    serve.run(Regressor.bind(sys.argv[1]), route_prefix="/predict", blocking=True)
