"""MLServer with ONNX Runtime, one process: python mlserver_server.py VERSION PORT"""

import asyncio
import sys

import numpy as np
from fastapi import Body
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.handlers import custom_handler
from network import Network


class Regressor(MLModel):
    async def load(self):
        self.session = Network(sys.argv[1]).onnx_session()
        return True

    # A handler takes the same body as the other peers, which costs less than the tensors of its native protocol.
    @custom_handler(rest_path="/predict")
    async def predict_rows(self, instances: list[list[float]] = Body(embed=True)) -> dict:
        predictions, errors = self.session.run(None, {"rows": np.asarray(instances, dtype="f4")})
        return {"predictions": predictions.tolist(), "reconstruction_error": errors.tolist(), "model_version": "1"}


async def main():
    # No worker pool, because workers are separate processes. No metrics; gRPC on any port.
    settings = Settings(
        host="127.0.0.1", http_port=int(sys.argv[2]), grpc_port=0, metrics_endpoint=None, parallel_workers=0, debug=False
    )
    await MLServer(settings).start([ModelSettings(name="regressor", implementation=Regressor)])


if __name__ == "__main__":
    asyncio.run(main())
