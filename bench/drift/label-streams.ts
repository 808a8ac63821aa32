import { createRandom, type Random } from '../../src/base/statistics/random.js';
import { ErrorMonitor } from '../../src/drift/feedback/error-monitor.js';
import type { Split } from './housing.js';

/** A labelled row: the prediction, and the target that came. */
interface Labelled {
  readonly output: number;
  readonly target: number;
}
type Stream = (random: Random) => () => Labelled;

export const BETWEEN_FALSE_ALARMS = 100_000;
const MAX_DELAY = 5000;
const QUIET_ROWS = 2000;

/** Streams without a change, and with one. Rows of `pool` are test rows with their predictions. */
export function labelStreams(pool: readonly Labelled[]) {
  const draw = (random: Random) => pool[random.below(pool.length)]!;
  const changed = (change: (row: Labelled, random: Random) => number): Stream => {
    return (random) => () => {
      const row = draw(random);
      return { output: row.output, target: change(row, random) };
    };
  };
  const quiet: Stream = (random) => () => draw(random);
  /** Rows of which `size` in a row have the same error, as those of one client may have. */
  const bursts = (size: number): Stream => {
    return (random) => {
      let [left, row] = [0, draw(random)];
      return () => {
        if (left-- === 0) [left, row] = [size - 1, draw(random)];
        return row;
      };
    };
  };
  const noise = (factor: number) => changed(({ output, target }) => output + factor * (target - output));
  return {
    quiet: new Map([
      ['independent rows', quiet],
      ['every error 5 times in a row, in other rows', bursts(5)],
      ['every error 20 times in a row, in other rows', bursts(20)],
    ]),
    changes: new Map([
      ['targets shuffled among the rows', changed((_, random) => draw(random).target)],
      ['targets × 1.2', changed(({ target }) => 1.2 * target)],
      ['targets + 0.25', changed(({ target }) => target + 0.25)],
      ['targets of 5 % of rows are 0', changed(({ target }, random) => (random.uniform() < 0.05 ? 0 : target))],
      ['errors × 2', noise(2)],
      ['errors × 1.5', noise(1.5)],
      ['errors × 1.25', noise(1.25)],
      ['errors × 0.8', noise(0.8)],
    ]),
  };
}

/** The test rows of a split with their predictions. */
export function labelledPool(split: Split): Labelled[] {
  const { outputs } = split.predict(split.test);
  return Array.from(split.testTargets, (target, r) => ({ output: outputs[r]!, target }));
}

/** Returns the alarms that `rows` labelled rows of a stream raise, and the share of the rows during which one is on. */
export function countAlarms(split: Split, stream: Stream, rows: number, seed: number) {
  const random = createRandom(seed);
  const next = stream(random);
  const monitor = monitorOf(split);
  let during = 0;
  for (let i = 0; i < rows; i++) {
    send(monitor, next(), random);
    if (monitor.alarm.detected) during++;
  }
  return { alarms: monitor.alarm.alarms, share: during / rows };
}

/** Returns the labelled rows from a change to the alarm, per stream; infinite without an alarm in 5,000 rows. */
export function labelDelays(split: Split, quiet: Stream, change: Stream, streams: number, seed: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: streams }, () => {
    const monitor = monitorOf(split);
    const before = quiet(random);
    for (let i = 0; i < QUIET_ROWS + random.below(500); i++) send(monitor, before(), random);
    if (monitor.alarm.detected) monitor.reset();
    const after = change(random);
    for (let i = 1; i <= MAX_DELAY; i++) {
      send(monitor, after(), random);
      if (monitor.alarm.detected) return i;
    }
    return Number.POSITIVE_INFINITY;
  });
}

function monitorOf({ baseline }: Split): ErrorMonitor {
  const options = { rowsBetweenFalseAlarms: BETWEEN_FALSE_ALARMS, windowRows: 500, onEvent: () => {}, clock: () => 0 };
  return new ErrorMonitor(baseline.prediction_errors!, ['target'], options);
}

function send(monitor: ErrorMonitor, { output, target }: Labelled, random: Random): void {
  const features = Float32Array.of(random.uniform());
  monitor.observe({ rows: 1, features, outputs: Float32Array.of(output), targets: Float32Array.of(target) });
}
