import { normalCdf } from '../../base/statistics/normal.js';
import { createRandom, type Random } from '../../base/statistics/random.js';
import { DriftMonitor } from '../../drift/monitor/monitor.js';
import { type Baseline, type FeatureColumn, type HeldOut, makeBaseline } from '../../model/baseline/baseline.js';
import type { Draw } from './draw.js';
import { type FalseAlarms, sumUp } from './false-alarms.js';
import { type FeatureSummary, type Shift, STANDARD_SHIFTS } from './shifts.js';

export interface SelfCheckOptions {
  readonly rowsBetweenFalseAlarms: number;
  readonly windowRows: number;
  readonly seed: number;
  /** Baselines that are drawn; 20 unless told. */
  readonly baselines?: number;
  /** Rows without drift that are watched with each; 50,000 unless told. */
  readonly quietRows?: number;
}

export interface ShiftFinding {
  readonly name: string;
  /** Share of windows, all of whose rows have shifted, whose test raises an alarm. */
  readonly detected: number;
  /** Median rows from the shift to an alarm of any kind; infinite if most had none in `MAX_WINDOWS` windows. */
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
/** Windows after a shift that are waited for. */
export const MAX_WINDOWS = 10;
/** Rows of one request where no row has to be told from its neighbours. */
const REQUEST_ROWS = 50;

/**
 * Measures how often a monitor with these options raises a false alarm, and what it notices. Baselines as large as
 * `baseline` and the rows that are watched against them are both drawn by `draw`: rows drawn from what one baseline knows
 * would resemble that very baseline more than traffic ever does. `predict` makes the model's outputs and errors of rows.
 */
export function selfCheck(
  baseline: Baseline,
  draw: Draw,
  predict: (rows: Float32Array) => HeldOut,
  options: SelfCheckOptions,
): SelfCheck {
  const { seed, rowsBetweenFalseAlarms, windowRows, baselines = BASELINES, quietRows = QUIET_ROWS } = options;
  const random = createRandom(seed);
  const names = baseline.features.map(({ name }) => name);
  const targets = baseline.outputs.map(({ name }) => name);
  const summaries = baseline.features.map(summarise);
  // A constant feature has no spread to be shifted by.
  const varying = names.map((_, j) => j).filter((j) => summaries[j]!.deviation > 0);
  const shifts = varying.length > 0 ? STANDARD_SHIFTS : [];
  const alarms: number[] = [];
  const delays = shifts.map((): number[] => []);
  const detections = shifts.map(() => 0);
  let turn = 0;
  for (let b = 0; b < baselines; b++) {
    const drawn = makeBaseline(predict(draw(baseline.rows, random)), names, targets, seed + b);
    const stream = new Stream(drawn, draw, predict, random, { rowsBetweenFalseAlarms, windowRows });
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

/** A monitor, and rows that are drawn for it. */
class Stream {
  private readonly monitor: DriftMonitor;
  private readonly windowRows: number;
  private readonly draw: (count: number) => Float32Array;
  private readonly predict: (rows: Float32Array) => HeldOut;
  private readonly random: Random;
  private raised = false;

  constructor(
    baseline: Baseline,
    draw: Draw,
    predict: (rows: Float32Array) => HeldOut,
    random: Random,
    options: Pick<SelfCheckOptions, 'rowsBetweenFalseAlarms' | 'windowRows'>,
  ) {
    this.windowRows = options.windowRows;
    this.draw = (count) => draw(count, random);
    this.predict = predict;
    this.random = random;
    this.monitor = new DriftMonitor(baseline, {
      ...options,
      clock: () => 0,
      onEvent: ({ type }) => {
        if (type === 'raised') this.raised = true;
      },
    });
  }

  /** Watches rows without drift, anew after each alarm. */
  countAlarms(rows: number): number {
    let alarms = 0;
    for (let seen = 0; seen < rows; seen += REQUEST_ROWS) {
      if (this.rowOfAlarm(this.draw(Math.min(REQUEST_ROWS, rows - seen)), REQUEST_ROWS) === undefined) continue;
      alarms++;
      this.monitor.reset();
    }
    return alarms;
  }

  /** Watches a window without drift and then rows after the shift, of feature `j` if it is of one. */
  tryShift(shift: Shift, summaries: readonly FeatureSummary[], j: number): { detected: boolean; delay: number } {
    const { monitor, windowRows } = this;
    monitor.reset();
    if (this.rowOfAlarm(this.draw(windowRows), REQUEST_ROWS) !== undefined) monitor.reset();
    let detected = false;
    let delay = Number.POSITIVE_INFINITY;
    for (let window = 0; window < MAX_WINDOWS && delay === Number.POSITIVE_INFINITY; window++) {
      const rows = this.draw(windowRows);
      shift.change(rows, summaries, j, this.random);
      const row = this.rowOfAlarm(rows, 1);
      if (row !== undefined) delay = window * windowRows + row;
      if (window === 0) detected = monitor.latestTest?.groups.some(({ alarm }) => alarm) ?? false;
    }
    return { detected, delay };
  }

  /** Observes all rows, in requests. Returns the last row of the request with the first alarm, from 1 on. */
  private rowOfAlarm(raw: Float32Array, perRequest: number): number | undefined {
    const { rows, count, outputs, errors } = this.predict(raw);
    const d = rows.length / count;
    const width = outputs.length / count;
    let row: number | undefined;
    this.raised = false;
    for (let from = 0; from < count; from += perRequest) {
      const to = Math.min(count, from + perRequest);
      this.monitor.observe(rows.subarray(from * d), to - from, outputs.subarray(from * width), errors.subarray(from));
      if (this.raised) row ??= to;
    }
    return row;
  }
}

function summarise({ mean, deviation, grid }: FeatureColumn): FeatureSummary {
  const at = grid.scores.findIndex((score) => normalCdf(score) >= 0.5);
  return { mean, deviation, median: grid.values[at < 0 ? grid.values.length - 1 : at]! };
}
