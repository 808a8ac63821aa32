// What the network is computed with; `Ops` in ../ops.ts documents each function. This folder is AssemblyScript: it is
// compiled by asc, not by tsc. Each function takes positions in memory as numbers of floats, and turns them into bytes
// first.
export { product, rowProduct, weightGradient } from './product';
export { biasSelu, rowBiasSelu, seluGradient } from './selu';
export { residuals } from './residuals';
export { adam, descend } from './optimizer';
/** Where constants end and the memory for everything else begins, in floats. */
export function heapStart(): usize {
  return __heap_base >> 2;
}
