import type { Random } from '../../../../src/base/statistics/random.js';

/** Draws one of `items`, which are not empty. */
export function pick<T>(items: readonly T[], random: Random): T {
  return items[random.below(items.length)]!;
}
