export type Random = ReturnType<typeof createRandom>;

/**
 * A seeded stream of random numbers. The same seed gives the same numbers on every machine. It is Chris Doty-Humphrey's sfc32 ("small fast counting", PractRand, https://pracrand.sourceforge.net/RNG_engines.txt),
 * seeded with one 32-bit number; its first 15 numbers are discarded. Math.random cannot be seeded.
 */
export function createRandom(seed: number) {
  let a = seed >>> 0;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let counter = 1;

  const next = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let i = 0; i < 15; i++) next();

  const uniform = () => next() / 2 ** 32;
  return {
    /** Uniform in [0, 1), 32 bits. */
    uniform,
    /** Uniform whole number in [0, limit). */
    below: (limit: number) => Math.floor(uniform() * limit),
    /** Standard normal, by Box and Muller's transform (1958); 1 - u keeps the logarithm's argument above 0. */
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** Shuffles `items` in place (Fisher and Yates). */
export function shuffle(items: Int32Array, random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swapped = items[i]!;
    items[i] = items[j]!;
    items[j] = swapped;
  }
}
