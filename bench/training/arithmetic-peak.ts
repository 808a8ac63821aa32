import asc from 'assemblyscript/asc';

/** Independent multiply-adds: more than enough to keep two units with a latency of four cycles busy. */
const CHAINS = 12;
const TURNS = 20_000;
/** Number of calls. The first ones do not run optimised code yet. */
const CALLS = 2000;

/** The part of WebAssembly that is used here. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: { multiplyAdd(turns: number, x: number, y: number): number } };
};

/**
 * Measures the peak floating-point rate of WebAssembly on one core, in 10⁹ operations per second, with fused multiply-adds of
 * four lanes that stay in registers; unfused where fused ones are unavailable.
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
