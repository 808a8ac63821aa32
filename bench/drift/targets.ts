import type { Cost } from './cost.js';
import type { Estimate } from './estimate.js';
import type { Results } from './results.js';
import { OURS } from './windows.js';

/** What a figure should be, and what it is. */
interface Goal {
  readonly name: string;
  readonly least?: number;
  readonly most?: number;
  readonly figure: Estimate;
  /** Digits after the point. */
  readonly digits: number;
}

export interface Verdict {
  readonly missed: boolean;
  readonly line: string;
}

/** Standard errors by which a figure may be off its target and be counted as off by chance. */
export const ERRORS_ALLOWED = 2;

/** Holds the figures against their targets, each as a row of a table. */
export function verdicts(results: Results, cost: Cost): Verdict[] {
  const exact = (value: number): Estimate => ({ value, error: 0 });
  const goals: Goal[] = [
    ...[50, 100, 500, 1000].flatMap((n) =>
      results.controls.map((control) => {
        const figure = results.falseAlarms(n, OURS, control);
        return { name: `false alarms, n = ${n}, control: ${control}`, least: 0.003, most: 0.02, figure, digits: 3 };
      }),
    ),
    ...(
      [
        [100, 0.87],
        [250, 0.94],
        [500, 0.98],
      ] as const
    ).map(([n, least]) => {
      return { name: `mean power, n = ${n}`, least, figure: results.power(n), digits: 3 };
    }),
    ...results
      .shiftNames('shifted', ({ kind }) => kind === 'correlation')
      .map((name) => {
        const figure = results.power(250, undefined, (shift) => shift.name === name);
        return { name: `${name}, n = 250`, least: 0.95, figure, digits: 3 };
      }),
    {
      name: '0 in 5 % of rows, n = 100',
      least: 0.85,
      figure: results.power(100, undefined, ({ name }) => name.endsWith(': 0 in 5 % of rows')),
      digits: 3,
    },
    ...results
      .shiftNames('shifted', ({ kind }) => kind === 'population')
      .map((name) => {
        const figure = results.power(500, undefined, (shift) => shift.name === name);
        return { name: `${name}, n = 500`, least: 0.75, figure, digits: 3 };
      }),
    ...results.shiftNames('delays').map((name) => {
      return { name: `median delay in rows: ${name}`, most: 100, figure: results.delay(name), digits: 0 };
    }),
    { name: 'a false alarm in 10,000 rows', most: 0.15, figure: results.falseAlarmInStream(), digits: 3 },
    { name: 'the right feature named first', least: 0.88, figure: results.topCause(), digits: 3 },
    {
      name: 'µs per row, 8 features, requests of 100, best turn',
      most: 3,
      figure: exact(cost.batched.best),
      digits: 2,
    },
    { name: 'ms per report, 50 features, best turn', most: 5, figure: exact(cost.report.best), digits: 2 },
    { name: 'MiB of state, 50 features', most: 1, figure: exact(cost.state / 2 ** 20), digits: 2 },
    { name: 'bytes allocated per row', most: 1, figure: exact(cost.allocated), digits: 2 },
  ];
  return goals.map(judge);
}

function judge({ name, least, most, figure: { value, error }, digits }: Goal): Verdict {
  const off = Math.max((least ?? Number.NEGATIVE_INFINITY) - value, value - (most ?? Number.POSITIVE_INFINITY));
  const missed = !(off <= ERRORS_ALLOWED * error);
  const verdict = off <= 0 ? 'reached' : missed ? '**missed**' : 'off, within chance';
  const wanted = [
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
  ].join(', ');
  const reached = `${value.toFixed(digits)}${error > 0 ? ` ± ${error.toFixed(digits)}` : ''}`;
  return { missed, line: `| ${name} | ${wanted} | ${reached} | ${verdict} |` };
}
