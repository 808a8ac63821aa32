"""Triton, by PyTriton, with ONNX Runtime: python triton_server.py VERSION PORT"""

import os
import signal
import sys
import sysconfig

import numpy as np
from network import Network
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

# The Python process of Triton loads the library of this interpreter.
os.environ["LD_LIBRARY_PATH"] = sysconfig.get_config_var("LIBDIR")
# Removes its files on exit.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
version, port = sys.argv[1:]
network = Network(version)
session = network.onnx_session()


@batch
def predict(rows):
    predictions, errors = session.run(None, {"rows": rows})
    return {"predictions": predictions, "reconstruction_error": errors[:, np.newaxis]}


config = TritonConfig(http_address="127.0.0.1", http_port=int(port), allow_grpc=False, allow_metrics=False)
with Triton(config=config) as triton:
    triton.bind(
        model_name="regressor",
        infer_func=predict,
        inputs=[Tensor(name="rows", dtype=np.float32, shape=(len(network.features["mean"]),))],
        outputs=[
            Tensor(name="predictions", dtype=np.float32, shape=(1,)),
            Tensor(name="reconstruction_error", dtype=np.float32, shape=(1,)),
        ],
        config=ModelConfig(max_batch_size=1024),
    )
    triton.serve()
