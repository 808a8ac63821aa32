"""LitServe with ONNX Runtime, one worker: python litserve_server.py VERSION PORT"""

import sys

import litserve
import numpy as np
from network import Network


class Regressor(litserve.LitAPI):
    def setup(self, device):
        self.session = Network(sys.argv[1]).onnx_session()

    def decode_request(self, request):
        return np.asarray(request["instances"], dtype="f4")

    def predict(self, rows):
        return self.session.run(None, {"rows": rows})

    def encode_response(self, outputs):
        predictions, errors = outputs
        return {"predictions": predictions.tolist(), "reconstruction_error": errors.tolist(), "model_version": "1"}


if __name__ == "__main__":
    server = litserve.LitServer(Regressor(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[2]), num_api_servers=1, generate_client_file=False, log_level="warning")
