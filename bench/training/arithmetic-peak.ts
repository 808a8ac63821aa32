import asc from 'assemblyscript/asc';

/** Multiply-adds that do not wait for each other: as many as keep two units of four cycles' latency at work, and more. */
const CHAINS = 12;
const TURNS = 20_000;
/** Calls, of which the first are not yet of optimised code. */
const CALLS = 2000;

/** As much of WebAssembly as is used here. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: { multiplyAdd(turns: number, x: number, y: number): number } };
};

/**
 * The most floating-point operations per second that WebAssembly in this process gets from one core, in 10⁹: fused
 * multiply-adds of four lanes that stay in registers; unfused where it has none.
 */
export async function arithmeticPeak(): Promise<number> {
  const relaxed = await compile((sum) => `f32x4.relaxed_madd(x, y, ${sum})`);
  const binary = WebAssembly.validate(relaxed) ? relaxed : await compile((sum) => `f32x4.add(f32x4.mul(${sum}, x), y)`);
  const { multiplyAdd } = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < CALLS; i++) {
    const start = performance.now();
    multiplyAdd(TURNS, 0.5, 1);
    best = Math.min(best, performance.now() - start);
  }
  return (2 * 4 * CHAINS * TURNS) / best / 1e6;
}

async function compile(operation: (sum: string) => string): Promise<Uint8Array> {
  const sums = Array.from({ length: CHAINS }, (_, i) => `s${i}`);
  const source = `export function multiplyAdd(turns: i32, a: f32, b: f32): f32 {
    const x = f32x4.splat(a), y = f32x4.splat(b);
    let ${sums.map((sum) => `${sum} = x`).join(', ')};
    for (let i = 0; i < turns; i++) { ${sums.map((sum) => `${sum} = ${operation(sum)};`).join(' ')} }
    return f32x4.extract_lane(${sums.reduce((sum, one) => `f32x4.add(${sum}, ${one})`)}, 0);
  }`;
  const { binary, stderr } = await asc.compileString(source, {
    optimizeLevel: 3,
    runtime: 'stub',
    enable: ['simd', 'relaxed-simd'],
  });
  if (!binary) throw new Error(`${stderr}`);
  return binary;
}
