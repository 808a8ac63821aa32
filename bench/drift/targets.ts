import type { Cost } from './cost.js';
import type { Estimate } from './estimate.js';
import type { Results } from './results.js';
import { OURS } from './windows.js';

/** A target and the measured figure. */
interface Goal {
  readonly name: string;
  readonly min?: number;
  readonly max?: number;
  readonly figure: Estimate;
  /** Decimal places. */
  readonly digits: number;
}

export interface Verdict {
  readonly missed: boolean;
  readonly line: string;
}

/** A figure that misses its target by at most this many standard errors counts as off by chance. */
export const MAX_STANDARD_ERRORS = 2;

/** Compares the figures with their targets. Each verdict has a table row. */
export function verdicts(results: Results, cost: Cost): Verdict[] {
  const exact = (value: number): Estimate => ({ value, error: 0 });
  const goals: Goal[] = [
    ...[50, 100, 500, 1000].flatMap((n) =>
      results.controls.map((control) => {
        const figure = results.falseAlarms(n, OURS, control);
        return { name: `false alarms, n = ${n}, control: ${control}`, min: 0.003, max: 0.02, figure, digits: 3 };
      }),
    ),
    ...(
      [
        [100, 0.87],
        [250, 0.94],
        [500, 0.98],
      ] as const
    ).map(([n, min]) => {
      return { name: `mean power, n = ${n}`, min, figure: results.power(n), digits: 3 };
    }),
    ...results
      .shiftNames('shifted', ({ kind }) => kind === 'correlation')
      .map((name) => {
        const figure = results.power(250, undefined, (shift) => shift.name === name);
        return { name: `${name}, n = 250`, min: 0.95, figure, digits: 3 };
      }),
    {
      name: '0 in 5 % of rows, n = 100',
      min: 0.85,
      figure: results.power(100, undefined, ({ name }) => name.endsWith(': 0 in 5 % of rows')),
      digits: 3,
    },
    ...results
      .shiftNames('shifted', ({ kind }) => kind === 'population')
      .map((name) => {
        const figure = results.power(500, undefined, (shift) => shift.name === name);
        return { name: `${name}, n = 500`, min: 0.75, figure, digits: 3 };
      }),
    ...results.shiftNames('delays').map((name) => {
      return { name: `median delay in rows: ${name}`, max: 100, figure: results.delay(name), digits: 0 };
    }),
    { name: 'false alarm within 10,000 rows', max: 0.15, figure: results.falseAlarmInStream(), digits: 3 },
    { name: 'first named feature is correct', min: 0.88, figure: results.topCause(), digits: 3 },
    {
      name: 'µs per row, 8 features, requests of 100, best turn',
      max: 3,
      figure: exact(cost.batched.best),
      digits: 2,
    },
    { name: 'ms per report, 50 features, best turn', max: 5, figure: exact(cost.report.best), digits: 2 },
    { name: 'MiB of state, 50 features', max: 1, figure: exact(cost.state / 2 ** 20), digits: 2 },
    { name: 'bytes allocated per row', max: 1, figure: exact(cost.allocated), digits: 2 },
  ];
  return goals.map(judge);
}

function judge({ name, min, max, figure: { value, error }, digits }: Goal): Verdict {
  const off = Math.max((min ?? Number.NEGATIVE_INFINITY) - value, value - (max ?? Number.POSITIVE_INFINITY));
  const missed = !(off <= MAX_STANDARD_ERRORS * error);
  const verdict = off <= 0 ? 'reached' : missed ? '**missed**' : 'off, within chance';
  const target = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ].join(', ');
  const reached = `${value.toFixed(digits)}${error > 0 ? ` ± ${error.toFixed(digits)}` : ''}`;
  return { missed, line: `| ${name} | ${target} | ${reached} | ${verdict} |` };
}
