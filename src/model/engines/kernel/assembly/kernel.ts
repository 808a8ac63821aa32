// The operations of the network; `Ops` in ../ops.ts documents each function. This folder is AssemblyScript, compiled by asc and
// not by tsc. The functions receive positions in floats, and convert them to bytes first.
export { product, rowProduct, weightGradient } from './product';
export { biasSelu, rowBiasSelu, seluGradient } from './selu';
export { residuals } from './residuals';
export { adam, descend } from './optimizer';
/** The position, in floats, at which constants end and free memory begins. */
export function heapStart(): usize {
  return __heap_base >> 2;
}
