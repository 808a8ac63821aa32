import { type LayerShape, layerShapes, type Shape, weightCount } from './shape.js';

/** The dimensions of `members` networks of one shape as one network, whose hidden layers are side by side. */
export function mergedShape(shape: Shape, members: number): Shape {
  return { ...shape, hidden: shape.hidden.map((units) => members * units) };
}

/**
 * Returns the weights of one network that answers with the mean of what networks of one `shape` answer. Its hidden layers are theirs
 * side by side: between the units of two networks, the weights are 0. Each head takes a share of each of them.
 */
export function mergeNetworks(shape: Shape, networks: readonly Float32Array[]): Float32Array {
  if (networks.length === 1) return networks[0]!;
  const merged = mergedShape(shape, networks.length);
  const weights = new Float32Array(weightCount(merged));
  const [from, to] = [layerShapes(shape), layerShapes(merged)];
  for (const [n, network] of networks.entries()) {
    for (const [depth, layer] of from.entries()) {
      const isHead = depth >= shape.hidden.length;
      const share = isHead ? 1 / networks.length : 1;
      addLayer(weights, to[depth]!, network, layer, {
        // All networks have the same inputs.
        row: depth === 0 || shape.hidden.length === 0 ? 0 : n * layer.inputs,
        column: isHead ? 0 : n * layer.units,
        share,
      });
    }
  }
  return weights;
}

/** Adds a layer to a larger one, its kernel from a row and a column on, times `share`. */
function addLayer(
  to: Float32Array,
  larger: LayerShape,
  from: Float32Array,
  layer: LayerShape,
  { row, column, share }: { readonly row: number; readonly column: number; readonly share: number },
): void {
  for (let u = 0; u < layer.units; u++) {
    for (let i = 0; i < layer.inputs; i++) {
      const at = larger.kernelOffset + (row + i) * larger.units + column + u;
      to[at]! += share * from[layer.kernelOffset + i * layer.units + u]!;
    }
    to[larger.biasOffset + column + u]! += share * from[layer.biasOffset + u]!;
  }
}
