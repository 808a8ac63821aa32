import { layerShapes, type Shape, weightCount } from './shape.js';

/** Members that are looked for, at most: a training averages as many. */
const MAX_MEMBERS = 10;

/** Networks whose sums of outputs and of reconstructions are those of one larger network. */
export interface SplitNetwork {
  readonly shape: Shape;
  readonly networks: readonly Float32Array[];
}

/**
 * Splits a network as `mergeNetworks` makes it, with zeros between the units of its members, back into these: together they take a
 * fraction of its multiplications. Returns undefined for any other network; the first weights of most show that they are none of these.
 */
export function splitNetwork(shape: Shape, weights: Float32Array): SplitNetwork | undefined {
  const { hidden } = shape;
  // A single hidden layer has nothing between its units.
  if (hidden.length < 2) return undefined;
  const members = membersOf(shape, weights);
  if (members === 1) return undefined;
  const member: Shape = { ...shape, hidden: hidden.map((units) => units / members) };
  return { shape: member, networks: Array.from({ length: members }, (_, n) => memberAt(shape, weights, member, n)) };
}

/** Returns the largest number of members between which all weights are 0; 1 for an ordinary network. */
function membersOf(shape: Shape, weights: Float32Array): number {
  for (let members = MAX_MEMBERS; members > 1; members--) {
    if (shape.hidden.every((units) => units % members === 0) && hasMembers(shape, weights, members)) return members;
  }
  return 1;
}

function hasMembers(shape: Shape, weights: Float32Array, members: number): boolean {
  const between = layerShapes(shape).slice(1, shape.hidden.length);
  return between.every(({ inputs, units, kernelOffset }) => {
    const [rows, columns] = [inputs / members, units / members];
    let isEmpty = true;
    for (let i = 0; i < inputs; i++) {
      const own = Math.floor(i / rows);
      for (let u = 0; u < units; u++) {
        const weight = weights[kernelOffset + i * units + u]!;
        if (weight === 0) continue;
        if (Math.floor(u / columns) !== own) return false;
        isEmpty = false;
      }
    }
    return !isEmpty;
  });
}

/** Returns the weights of member `n`. The heads keep their shares, and the first member their biases. */
function memberAt(shape: Shape, weights: Float32Array, member: Shape, n: number): Float32Array {
  const own = new Float32Array(weightCount(member));
  const [from, to] = [layerShapes(shape), layerShapes(member)];
  for (const [depth, layer] of to.entries()) {
    const larger = from[depth]!;
    const isHead = depth >= member.hidden.length;
    const row = depth === 0 ? 0 : n * layer.inputs;
    const column = isHead ? 0 : n * layer.units;
    for (let i = 0; i < layer.inputs; i++) {
      const start = larger.kernelOffset + (row + i) * larger.units + column;
      own.set(weights.subarray(start, start + layer.units), layer.kernelOffset + i * layer.units);
    }
    if (isHead && n > 0) continue;
    const bias = larger.biasOffset + column;
    own.set(weights.subarray(bias, bias + layer.units), layer.biasOffset);
  }
  return own;
}
