"""The network of a version of the service, for the peers that bench/serving/serving-peers.ts compares with.

A version is a directory of card.json, model.json and weights.bin; see models/README.md.
"""

import json
from pathlib import Path

import numpy as np


class Network:
    """Weights as [inputs, units] kernels and [units] biases: hidden layers, then the heads `out` and `reconstruct`."""

    def __init__(self, version):
        version = Path(version)
        card = json.loads((version / "card.json").read_text())
        manifest = json.loads((version / "model.json").read_text())["weightsManifest"][0]["weights"]
        flat = np.frombuffer((version / "weights.bin").read_bytes(), dtype="<f4")
        arrays, start = [], 0
        for entry in manifest:
            size = int(np.prod(entry["shape"]))
            arrays.append(flat[start : start + size].reshape(entry["shape"]))
            start += size
        layers = list(zip(arrays[::2], arrays[1::2]))
        self.hidden, self.out, self.reconstruct = layers[:-2], layers[-2], layers[-1]
        scalers = card["scalers"]
        self.features = {name: np.asarray(scalers["features"][name], dtype="f4") for name in ("mean", "scale")}
        self.targets = {name: np.asarray(scalers["targets"][name], dtype="f4") for name in ("mean", "scale")}

    def keras_function(self):
        """A compiled function of Keras' layers: raw rows [rows, features] -> (predictions, reconstruction errors)."""
        import keras
        import tensorflow as tf

        inputs = keras.Input((len(self.features["mean"]),))
        scaled = (inputs - self.features["mean"]) / self.features["scale"]
        below, dense = scaled, []
        for kernel, _ in self.hidden:
            dense.append(keras.layers.Dense(kernel.shape[1], activation="selu"))
            below = dense[-1](below)
        heads = [keras.layers.Dense(kernel.shape[1]) for kernel, _ in (self.out, self.reconstruct)]
        out, reconstruction = (head(below) for head in heads)
        errors = keras.ops.mean(keras.ops.square(reconstruction - scaled), axis=1)
        model = keras.Model(inputs, [out * self.targets["scale"] + self.targets["mean"], errors])
        for layer, weights in zip(dense + heads, [*self.hidden, self.out, self.reconstruct]):
            layer.set_weights(weights)
        signature = [tf.TensorSpec([None, len(self.features["mean"])], tf.float32)]
        return tf.function(lambda rows: model(rows, training=False), input_signature=signature)

    def onnx_session(self):
        """An ONNX Runtime session of one thread: input `rows`, outputs `predictions` and `errors`."""
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper

        nodes, constants = [], []

        def constant(name, value):
            constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype="f4"), name))
            return name

        def node(kind, inputs, output, **attributes):
            nodes.append(helper.make_node(kind, inputs, [output], **attributes))
            return output

        centred = node("Sub", ["rows", constant("mean", self.features["mean"])], "centred")
        scaled = node("Div", [centred, constant("scale", self.features["scale"])], "scaled")
        below = scaled
        for i, (kernel, bias) in enumerate(self.hidden):
            weights = [constant(f"kernel_{i}", kernel), constant(f"bias_{i}", bias)]
            below = node("Selu", [node("Gemm", [below, *weights], f"sum_{i}")], f"hidden_{i}")
        heads = []
        for name, (kernel, bias) in (("out", self.out), ("reconstruct", self.reconstruct)):
            weights = [constant(f"kernel_{name}", kernel), constant(f"bias_{name}", bias)]
            heads.append(node("Gemm", [below, *weights], name))
        unscaled = node("Mul", [heads[0], constant("target_scale", self.targets["scale"])], "unscaled")
        node("Add", [unscaled, constant("target_mean", self.targets["mean"])], "predictions")
        residual = node("Sub", [heads[1], scaled], "residual")
        node("ReduceMean", [node("Mul", [residual, residual], "squares")], "errors", axes=[1], keepdims=0)
        graph = helper.make_graph(
            nodes,
            "regressor",
            [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["rows", len(self.features["mean"])])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("predictions", "errors")],
            constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def torch_module(self):
        """A PyTorch module: raw rows [rows, features] -> (predictions, reconstruction errors)."""
        import torch

        def linear(kernel, bias):
            layer = torch.nn.Linear(*kernel.shape)
            layer.weight.data, layer.bias.data = torch.tensor(kernel.T), torch.tensor(bias)
            return layer

        class Regressor(torch.nn.Module):
            def __init__(self, network):
                super().__init__()
                for name, scaler in (("feature", network.features), ("target", network.targets)):
                    for key, values in scaler.items():
                        self.register_buffer(f"{name}_{key}", torch.tensor(values))
                layers = [layer for weights in network.hidden for layer in (linear(*weights), torch.nn.SELU())]
                self.hidden = torch.nn.Sequential(*layers)
                self.out, self.reconstruct = linear(*network.out), linear(*network.reconstruct)

            def forward(self, rows):
                scaled = (rows - self.feature_mean) / self.feature_scale
                below = self.hidden(scaled)
                errors = (self.reconstruct(below) - scaled).square().mean(1)
                return self.out(below) * self.target_scale + self.target_mean, errors

        return Regressor(self).eval()
