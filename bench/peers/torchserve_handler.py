"""What TorchServe calls; torchserve_server.py puts it into an archive with the version's files and network.py."""

import torch
from network import Network
from ts.torch_handler.base_handler import BaseHandler


class Regressor(BaseHandler):
    def initialize(self, context):
        # One row at a time: more threads only hand it around.
        torch.set_num_threads(1)
        self.device = "cpu"
        self.model = Network(context.system_properties["model_dir"]).torch_module()

    def preprocess(self, requests):
        return torch.tensor(requests[0]["body"]["instances"])

    def postprocess(self, outputs):
        predictions, errors = outputs
        return [{"predictions": predictions.tolist(), "reconstruction_error": errors.tolist(), "model_version": "1"}]
