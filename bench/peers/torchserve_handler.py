"""The TorchServe handler. torchserve_server.py archives it with the files of the version and network.py."""

import torch
from network import Network
from ts.torch_handler.base_handler import BaseHandler


class Regressor(BaseHandler):
    def initialize(self, context):
        # Requests have one row, so more threads only add overhead.
        torch.set_num_threads(1)
        self.device = "cpu"
        self.model = Network(context.system_properties["model_dir"]).torch_module()

    def preprocess(self, requests):
        return torch.tensor(requests[0]["body"]["instances"])

    def postprocess(self, outputs):
        predictions, errors = outputs
        return [{"predictions": predictions.tolist(), "reconstruction_error": errors.tolist(), "model_version": "1"}]
