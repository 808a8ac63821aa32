import { type Static, Type } from 'typebox';
import type { Predictor } from '../../../model/network/predictor.js';
import type { Observation, PredictionService, Serving } from '../prediction/prediction-service.js';

/** What the candidate's answers differ by from those that were given: candidate - serving. */
export const ShadowReport = Type.Object({
  asked_rows: Type.Integer(),
  rows: Type.Integer({ description: 'rows that both have answered' }),
  targets: Type.Record(
    Type.String(),
    Type.Object({
      mean_difference: Type.Number({ description: 'candidate - serving, in units of the target' }),
      rms_difference: Type.Number(),
      quantiles: Type.Record(Type.String(), Type.Number(), { description: 'of |difference|' }),
      bound: Type.Number({ description: 'the RMSE of the serving version on its held-out rows' }),
      beyond_bound: Type.Number({ description: 'share of rows with a greater |difference|' }),
    }),
    { description: 'empty before the first row' },
  ),
});
export type ShadowReport = Static<typeof ShadowReport>;

/** Most rows that can be asked for: their differences are kept, so that the quantiles are exact. */
export const MAX_SHADOW_ROWS = 100_000;
/** Rows of one request that are taken, evenly spaced: those of one are often of one kind. */
const ROWS_OF_A_REQUEST = 1000;
/** Rows that wait for the candidate; what comes while so many wait is not taken. */
const MAX_WAITING = 10_000;
/** Numbers that are computed in one turn of the event loop. */
const NUMBERS_OF_A_TURN = 4096;
/** Without enough traffic for so long, in milliseconds, the candidate is given up: it would keep other trainings waiting. */
const PATIENCE = 24 * 3600 * 1000;

const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, max: 1 };

interface Waiting {
  readonly rows: Float32Array;
  readonly count: number;
  readonly outputs: Float32Array;
}

/** Lets a candidate answer the rows that the serving version answers: after the reply, and with no effect on it. */
export class Shadow {
  private readonly predictor: Predictor;
  private readonly serving: Serving;
  private readonly asked: number;
  /** `[asked, outputs]` */
  private readonly differences: Float32Array;
  private readonly waiting: Waiting[] = [];
  private waitingRows = 0;
  private compared = 0;
  private turn: NodeJS.Immediate | undefined;
  private end: (why: string | null) => void = () => {};

  /** `predictor` answers in the shadow of `serving`, which has the same columns. It stays the caller's. */
  constructor(predictor: Predictor, serving: Serving, asked: number) {
    this.predictor = predictor;
    this.serving = serving;
    this.asked = asked;
    this.differences = new Float32Array(asked * serving.card.targets.length);
  }

  /** Watches until so many rows as were asked for have been compared: null then, or else why it ended before. */
  async run(service: PredictionService, signal: AbortSignal): Promise<string | null> {
    const ended = new Promise<string | null>((resolve) => {
      this.end = resolve;
    });
    const cancel = () => this.end('the training was cancelled');
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    const tired = () => this.end(`only ${this.compared} of ${this.asked} rows came in ${PATIENCE / 3_600_000} hours`);
    const timer = setTimeout(tired, PATIENCE).unref();
    const forget = service.observe((observation) => this.take(observation));
    try {
      return await ended;
    } finally {
      forget();
      clearTimeout(timer);
      clearImmediate(this.turn);
      signal.removeEventListener('abort', cancel);
    }
  }

  get report(): ShadowReport {
    const { card } = this.serving;
    const targets = this.compared > 0 ? card.targets : [];
    return {
      asked_rows: this.asked,
      rows: this.compared,
      targets: Object.fromEntries(targets.map((name, j) => [name, this.describe(j, card.metrics.targets[name]!.rmse)])),
    };
  }

  /** Before the reply, so it only copies. */
  private take({ rows, count, prediction, serving }: Observation): void {
    if (serving.version !== this.serving.version) {
      // A long prediction may still end that began before the version which is now compared with.
      if (serving.since > this.serving.since) this.end(`version ${serving.version} serves meanwhile`);
      return;
    }
    const wanted = Math.min(this.asked - this.compared, MAX_WAITING) - this.waitingRows;
    const taken = Math.min(count, ROWS_OF_A_REQUEST, wanted);
    if (taken <= 0) return;
    const [width, depth] = [serving.card.features.length, serving.card.targets.length];
    const copy = { rows: new Float32Array(taken * width), count: taken, outputs: new Float32Array(taken * depth) };
    for (let i = 0; i < taken; i++) {
      const row = Math.floor((i * count) / taken);
      copy.rows.set(rows.subarray(row * width, (row + 1) * width), i * width);
      copy.outputs.set(prediction.outputs.subarray(row * depth, (row + 1) * depth), i * depth);
    }
    this.waiting.push(copy);
    this.waitingRows += taken;
    this.turn ??= setImmediate(() => this.work());
  }

  /** One part per turn, so that no request waits for more than that. What fails here is the candidate's fault alone. */
  private work(): void {
    try {
      this.compare();
    } catch (error) {
      this.end(`it could not answer: ${(error as Error).message}`);
      return;
    }
    this.turn = this.waiting.length > 0 ? setImmediate(() => this.work()) : undefined;
    if (this.compared === this.asked) this.end(null);
  }

  private compare(): void {
    const { rows, count, outputs } = this.waiting[0]!;
    const [width, depth] = [rows.length / count, outputs.length / count];
    const some = Math.min(count, Math.max(1, Math.floor(NUMBERS_OF_A_TURN / width)));
    const { outputs: answers } = this.predictor.predict(rows.subarray(0, some * width), some);
    for (let row = 0; row < some; row++) this.keep(answers, outputs, row * depth, depth);
    this.waitingRows -= some;
    const rest = { rows: rows.subarray(some * width), count: count - some, outputs: outputs.subarray(some * depth) };
    if (rest.count > 0) this.waiting[0] = rest;
    else this.waiting.shift();
  }

  private keep(answers: Float32Array, outputs: Float32Array, from: number, depth: number): void {
    const at = this.compared * depth;
    for (let j = 0; j < depth; j++) {
      const difference = answers[from + j]! - outputs[from + j]!;
      if (!Number.isFinite(difference)) throw new RangeError('a row too far from its training data');
      this.differences[at + j] = difference;
    }
    this.compared++;
  }

  private describe(target: number, bound: number): ShadowReport['targets'][string] {
    const { compared } = this;
    const depth = this.serving.card.targets.length;
    const sizes = new Float32Array(compared);
    let [sum, squares, beyond] = [0, 0, 0];
    for (let row = 0; row < compared; row++) {
      const difference = this.differences[row * depth + target]!;
      sizes[row] = Math.abs(difference);
      sum += difference;
      squares += difference ** 2;
      if (Math.abs(difference) > bound) beyond++;
    }
    sizes.sort();
    return {
      mean_difference: sum / compared,
      rms_difference: Math.sqrt(squares / compared),
      quantiles: Object.fromEntries(Object.entries(QUANTILES).map(([name, p]) => [name, quantile(sizes, p)])),
      bound,
      beyond_bound: beyond / compared,
    };
  }
}

/** Of ascending values, interpolated linearly: Hyndman and Fan's (1996) seventh definition, NumPy's default. */
function quantile(sorted: Float32Array, p: number): number {
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (place - below) * (high - low);
}
