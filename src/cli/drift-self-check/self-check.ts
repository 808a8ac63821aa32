import { normalCdf } from '../../base/statistics/normal.js';
import { createRandom, type Random } from '../../base/statistics/random.js';
import { DriftMonitor } from '../../drift/monitor/monitor.js';
import { type Baseline, type HeldOut, makeBaseline } from '../../model/baseline/baseline.js';
import type { FeatureColumn } from '../../model/baseline/features/feature-column.js';
import { isCycle } from '../../model/baseline/features/watched.js';
import type { Column } from '../../model/columns/column.js';
import type { Draw } from './draw.js';
import { type FalseAlarms, sumUp } from './false-alarms.js';
import { type FeatureSummary, type Shift, STANDARD_SHIFTS } from './shifts.js';

export interface SelfCheckOptions {
  readonly rowsBetweenFalseAlarms: number;
  readonly windowRows: number;
  readonly seed: number;
  /** What the codes of rows stand for; without them, all are numbers. */
  readonly columns?: readonly Column[] | undefined;
  /** Number of baselines drawn, 20 by default. */
  readonly baselines?: number;
  /** Rows without drift per baseline, 50,000 by default. */
  readonly quietRows?: number;
}

export interface ShiftFinding {
  readonly name: string;
  /** Share of fully shifted windows whose test raises an alarm. */
  readonly detected: number;
  /** Median rows from the shift to an alarm of any kind; infinite if more than half had none in `MAX_WINDOWS` windows. */
  readonly delay: number;
}

export interface SelfCheck {
  readonly falseAlarms: FalseAlarms;
  readonly shifts: readonly ShiftFinding[];
}

const BASELINES = 20;
const QUIET_ROWS = 50_000;
/** Streams per shift and baseline. */
const STREAMS = 2;
/** Maximum number of windows observed after a shift. */
export const MAX_WINDOWS = 10;
/** Rows per request where the exact row of an alarm does not matter. */
const REQUEST_ROWS = 50;

/**
 * Measures the false alarms and the power of a monitor with these options. `draw` draws both the observed rows and the
 * baselines, each as large as `baseline`: rows drawn from a single baseline would resemble it more than real traffic does.
 * `predict` returns the outputs and errors of the model for given rows.
 */
export function selfCheck(
  baseline: Baseline,
  draw: Draw,
  predict: (rows: Float32Array) => HeldOut,
  options: SelfCheckOptions,
): SelfCheck {
  const { seed, rowsBetweenFalseAlarms, windowRows, baselines = BASELINES, quietRows = QUIET_ROWS, columns } = options;
  const random = createRandom(seed);
  const features = baseline.features.filter((feature) => !isCycle(feature));
  const names = features.map(({ name }) => name);
  const targets = baseline.outputs.map(({ name }) => name);
  const summaries = features.map(summarise);
  // A constant feature has no standard deviation to shift it by, nor have levels and times.
  const varying = names.map((_, j) => j).filter((j) => summaries[j]!.deviation > 0);
  const shifts = varying.length > 0 ? STANDARD_SHIFTS : [];
  const alarms: number[] = [];
  const delays = shifts.map((): number[] => []);
  const detections = shifts.map(() => 0);
  let turn = 0;
  for (let b = 0; b < baselines; b++) {
    const drawn = makeBaseline(predict(draw(baseline.rows, random)), names, targets, seed + b, undefined, columns);
    const stream = openStream(drawn, draw, predict, random, { rowsBetweenFalseAlarms, windowRows });
    alarms.push(stream.countAlarms(quietRows));
    for (let s = 0; s < STREAMS; s++, turn++) {
      shifts.forEach((shift, i) => {
        const { detected, delay } = stream.tryShift(shift, summaries, varying[turn % varying.length]!);
        detections[i]! += Number(detected);
        delays[i]!.push(delay);
      });
    }
  }
  return {
    falseAlarms: sumUp(alarms, quietRows, rowsBetweenFalseAlarms),
    shifts: shifts.map(({ name }, i) => ({
      name,
      detected: detections[i]! / turn,
      delay: delays[i]!.toSorted((a, b) => a - b)[Math.floor(turn / 2)]!,
    })),
  };
}

/** Makes a monitor, and returns functions that observe rows drawn for it. */
function openStream(
  baseline: Baseline,
  draw: Draw,
  predict: (rows: Float32Array) => HeldOut,
  random: Random,
  options: Pick<SelfCheckOptions, 'rowsBetweenFalseAlarms' | 'windowRows'>,
) {
  const { windowRows } = options;
  let raised = false;
  const monitor = new DriftMonitor(baseline, {
    ...options,
    clock: () => 0,
    onEvent: ({ type }) => {
      if (type === 'raised') raised = true;
    },
  });
  return { countAlarms, tryShift };

  /** Counts the alarms in rows without drift. The monitor is reset after each alarm. */
  function countAlarms(rows: number): number {
    let alarms = 0;
    for (let seen = 0; seen < rows; seen += REQUEST_ROWS) {
      if (rowOfAlarm(draw(Math.min(REQUEST_ROWS, rows - seen), random), REQUEST_ROWS) === undefined) continue;
      alarms++;
      monitor.reset();
    }
    return alarms;
  }

  /** Observes a window without drift and then rows after the shift, which affects feature `j` if it is of one feature. */
  function tryShift(shift: Shift, summaries: readonly FeatureSummary[], j: number) {
    monitor.reset();
    if (rowOfAlarm(draw(windowRows, random), REQUEST_ROWS) !== undefined) monitor.reset();
    let detected = false;
    let delay = Number.POSITIVE_INFINITY;
    for (let window = 0; window < MAX_WINDOWS && delay === Number.POSITIVE_INFINITY; window++) {
      const rows = draw(windowRows, random);
      shift.change(rows, summaries, j, random);
      const row = rowOfAlarm(rows, 1);
      if (row !== undefined) delay = window * windowRows + row;
      if (window === 0) detected = monitor.latestTest?.groups.some(({ alarm }) => alarm) ?? false;
    }
    return { detected, delay };
  }

  /** Observes all rows in requests. Returns the number, from 1, of the last row of the first request with an alarm. */
  function rowOfAlarm(raw: Float32Array, perRequest: number): number | undefined {
    const { rows, count, outputs, errors } = predict(raw);
    const d = rows.length / count;
    const width = outputs.length / count;
    let row: number | undefined;
    raised = false;
    for (let from = 0; from < count; from += perRequest) {
      const to = Math.min(count, from + perRequest);
      monitor.observe(rows.subarray(from * d), to - from, outputs.subarray(from * width), errors.subarray(from));
      if (raised) row ??= to;
    }
    return row;
  }
}

function summarise({ mean, deviation, grid }: FeatureColumn): FeatureSummary {
  const at = grid.scores.findIndex((score) => normalCdf(score) >= 0.5);
  return { mean, deviation, median: grid.values[at < 0 ? grid.values.length - 1 : at]! };
}
