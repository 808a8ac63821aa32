"""Trains the network in another framework, for bench/training/training-peers.ts: python training.py keras|torch|jax DIRECTORY

DIRECTORY holds california-housing.csv and .split. Reads commands from standard input and answers each with a line of
JSON: `epoch BATCH` trains one more epoch and prints its seconds, `train SEED EPOCHS BATCH` trains from the start and prints the
mean squared error on the test rows.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np

HIDDEN = [30] * 5
AUXILIARY_WEIGHT = 0.05
LEARNING_RATE = 0.001
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


def read(directory):
    """Features [rows, 8], standardised by the training rows, targets [rows, 1], and the training and test rows."""
    table = np.loadtxt(Path(directory) / "california-housing.csv", delimiter=",", skiprows=1, dtype="f4")
    split = np.array(list((Path(directory) / "california-housing.split").read_text().strip()))
    x, y = table[:, :-1], table[:, -1:]
    train = split == "t"
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    return x[train], y[train], x[split == "s"], y[split == "s"]


class KerasSide:
    def __init__(self, features, seed):
        import keras

        keras.utils.set_random_seed(seed)

        class Regressor(keras.Model):
            def __init__(self):
                super().__init__()
                self.hidden = [
                    keras.layers.Dense(units, activation="selu", kernel_initializer="lecun_normal") for units in HIDDEN
                ]
                self.out = keras.layers.Dense(1)
                self.reconstruct = keras.layers.Dense(features)

            def call(self, inputs):
                z = inputs
                for layer in self.hidden:
                    z = layer(z)
                error = keras.ops.mean(keras.ops.square(self.reconstruct(z) - inputs))
                self.add_loss(AUXILIARY_WEIGHT * error)
                return self.out(z)

        self.model = Regressor()
        self.model.compile(loss="mse", optimizer=keras.optimizers.Nadam(LEARNING_RATE))

    def epoch(self, x, y, batch):
        self.model.fit(x, y, batch_size=batch, epochs=1, verbose=0)

    def predict(self, x):
        return self.model.predict(x, verbose=0)


class TorchSide:
    def __init__(self, features, seed):
        import torch

        self.torch = torch
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        sizes = [features, *HIDDEN]
        self.hidden = [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        self.heads = [torch.nn.Linear(sizes[-1], 1), torch.nn.Linear(sizes[-1], features)]
        for layer in self.hidden:
            torch.nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
        for layer in self.heads:
            torch.nn.init.xavier_uniform_(layer.weight)
        layers = self.hidden + self.heads
        for layer in layers:
            torch.nn.init.zeros_(layer.bias)
        parameters = [p for layer in layers for p in layer.parameters()]
        self.optimizer = torch.optim.NAdam(parameters, lr=LEARNING_RATE, eps=EPSILON, momentum_decay=1)

    def forward(self, x):
        z = x
        for layer in self.hidden:
            z = self.torch.nn.functional.selu(layer(z))
        return self.heads[0](z), self.heads[1](z)

    def epoch(self, x, y, batch):
        torch = self.torch
        x, y = torch.from_numpy(x), torch.from_numpy(y)
        for index in torch.randperm(len(x)).split(batch):
            rows = x[index]
            out, reconstruction = self.forward(rows)
            error = torch.mean((reconstruction - rows) ** 2)
            loss = torch.mean((out - y[index]) ** 2) + AUXILIARY_WEIGHT * error
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def predict(self, x):
        with self.torch.no_grad():
            return self.forward(self.torch.from_numpy(x))[0].numpy()


class JaxSide:
    """One compiled scan over the batches of an epoch. Rows of an incomplete batch are dropped."""

    def __init__(self, features, seed):
        import jax
        import jax.numpy as jnp

        self.jax, self.random = jax, np.random.default_rng(seed)
        sizes = [features, *HIDDEN]
        normal = lambda a, b: self.random.normal(0, a**-0.5, (a, b))
        uniform = lambda a, b: self.random.uniform(-1, 1, (a, b)) * (6 / (a + b)) ** 0.5
        kernels = [normal(a, b) for a, b in zip(sizes, sizes[1:])] + [uniform(sizes[-1], n) for n in (1, features)]
        weights = [(jnp.asarray(k, "f4"), jnp.zeros(k.shape[1], "f4")) for k in kernels]
        zeros = jax.tree.map(jnp.zeros_like, weights)
        self.state = (weights, zeros, zeros, jnp.float32(0), jnp.float32(1))

        def forward(weights, x):
            z = x
            for kernel, bias in weights[:-2]:
                z = jax.nn.selu(z @ kernel + bias)
            (a, b), (c, d) = weights[-2:]
            return z @ a + b, z @ c + d

        def loss(weights, x, y):
            out, reconstruction = forward(weights, x)
            return jnp.mean((out - y) ** 2) + AUXILIARY_WEIGHT * jnp.mean((reconstruction - x) ** 2)

        def step(state, batch):
            weights, mean, variance, count, product = state
            gradient = jax.grad(loss)(weights, *batch)
            count += 1
            momentum = BETA_1 * (1 - 0.5 * 0.96**count)
            following = BETA_1 * (1 - 0.5 * 0.96 ** (count + 1))
            product *= momentum
            mean = jax.tree.map(lambda m, g: m + (g - m) * (1 - BETA_1), mean, gradient)
            variance = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - BETA_2), variance, gradient)

            def update(w, g, m, v):
                direction = following * m / (1 - product * following) + (1 - momentum) * g / (1 - product)
                return w - LEARNING_RATE * direction / (jnp.sqrt(v / (1 - BETA_2**count)) + EPSILON)

            weights = jax.tree.map(update, weights, gradient, mean, variance)
            return (weights, mean, variance, count, product), None

        def epoch(state, x, y, index):
            return jax.lax.scan(lambda s, rows: step(s, (x[rows], y[rows])), state, index)[0]

        self.run = jax.jit(epoch)
        self.forward = jax.jit(forward)

    def epoch(self, x, y, batch):
        whole = len(x) // batch
        index = self.random.permutation(len(x))[: whole * batch].reshape(whole, batch)
        self.state = self.jax.block_until_ready(self.run(self.state, x, y, index))

    def predict(self, x):
        return np.asarray(self.forward(self.state[0], x)[0])


def main():
    kind, directory = sys.argv[1:]
    make = {"keras": KerasSide, "torch": TorchSide, "jax": JaxSide}[kind]
    x, y, x_test, y_test = read(directory)
    side = make(x.shape[1], 0)
    for line in sys.stdin:
        command, *numbers = line.split()
        if command == "epoch":
            start = time.perf_counter()
            side.epoch(x, y, int(numbers[0]))
            answer = {"seconds": time.perf_counter() - start}
        else:
            seed, epochs, batch = map(int, numbers)
            trained = make(x.shape[1], seed)
            for _ in range(epochs):
                trained.epoch(x, y, batch)
            answer = {"test_mse": float(np.mean((trained.predict(x_test) - y_test) ** 2))}
        print(json.dumps(answer), flush=True)


main()
