import type { BatchLoss, Engine, EngineFactory, Pass } from '../network/engine.js';
import type { Shape } from '../network/shape.js';
import { type SplitNetwork, splitNetwork } from '../network/split-network.js';
import { PassBuffers } from './pass-buffers.js';

/**
 * Returns a factory whose engines without an optimiser run an average of networks as the networks that it is made of: of three with two
 * layers of 64 units, that is a third of the multiplications of one with 192.
 */
export function splitting(create: EngineFactory): EngineFactory {
  return (shape, weights, optimizer) => {
    const split = optimizer ? undefined : splitNetwork(shape, weights);
    return split ? new SplitEngine(create, shape, weights, split) : create(shape, weights, optimizer);
  };
}

/** Runs the members of a network and adds up what they answer. It only serves: a training has one network at a time. */
class SplitEngine implements Engine {
  readonly name: string;
  readonly shape: Shape;
  private readonly engines: readonly Engine[];
  private readonly whole: Float32Array;
  private readonly buffers: PassBuffers;
  /** The outputs of one member. */
  private member = new Float32Array(0);

  constructor(create: EngineFactory, shape: Shape, weights: Float32Array, { shape: member, networks }: SplitNetwork) {
    this.shape = shape;
    this.whole = weights.slice();
    this.engines = networks.map((network) => create(member, network));
    this.name = this.engines[0]!.name;
    this.buffers = new PassBuffers(shape);
  }

  forward(rows: Float32Array, count: number): Pass {
    const { inputs } = this.shape;
    const { outputs, reconstructions, errors } = this.buffers.reserve(count);
    for (const [n, engine] of this.engines.entries()) {
      const pass = engine.forward(rows, count);
      add(outputs, pass.outputs, n === 0);
      add(reconstructions, pass.reconstructions, n === 0);
    }
    for (let row = 0, at = 0; row < count; row++) {
      let sum = 0;
      for (const end = at + inputs; at < end; at++) sum += (reconstructions[at]! - rows[at]!) ** 2;
      errors[row] = sum / inputs;
    }
    return { outputs, reconstructions, errors };
  }

  outputs(rows: Float32Array, count: number, to: Float32Array): void {
    const size = count * this.shape.outputs;
    if (this.member.length < size) this.member = new Float32Array(size);
    const member = this.member.subarray(0, size);
    for (const [n, engine] of this.engines.entries()) {
      engine.outputs(rows, count, member);
      add(to.subarray(0, size), member, n === 0);
    }
  }

  weights(to = new Float32Array(this.whole.length)): Float32Array {
    to.set(this.whole);
    return to;
  }

  gradient(): BatchLoss {
    throw onlyServes();
  }

  gradients(): Float32Array {
    throw onlyServes();
  }

  step(): BatchLoss {
    throw onlyServes();
  }

  setWeights(): void {
    throw onlyServes();
  }

  close(): void {
    for (const engine of this.engines) engine.close();
  }
}

/** Adds `values`, or starts with them. There may be more than are needed. */
function add(sums: Float32Array, values: Float32Array, first: boolean): void {
  if (first) sums.set(values.subarray(0, sums.length));
  else for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!;
}

function onlyServes(): Error {
  return new Error('an average of networks only serves; create an engine with an optimizer to train one network');
}
