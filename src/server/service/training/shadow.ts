import { recoder } from '../../../model/columns/recode.js';
import type { Prediction, Predictor } from '../../../model/network/predictor.js';
import type { Rows } from '../../../model/tables/rows.js';
import type { Observation, PredictionService, Serving } from '../prediction/prediction-service.js';
import { describeDifferences, type ShadowReport } from './shadow-report.js';

/** Maximum rows of a shadow: all their differences are stored, so that the quantiles are exact. */
export const MAX_SHADOW_ROWS = 100_000;
/** Maximum rows sampled from one request, evenly spaced: rows of one request are often alike. */
const MAX_SAMPLED_ROWS = 1000;
/** Maximum rows queued for the candidate; further rows are skipped meanwhile. */
const MAX_QUEUED_ROWS = 10_000;
/** Input values predicted per turn of the event loop. */
const VALUES_PER_TURN = 4096;
/** A shadow without enough traffic ends after this many milliseconds: it holds memory, and no other shadow can start. */
const MAX_DURATION = 24 * 3600 * 1000;

/** Rows that the serving version has answered: `[count, features]` and `[count, targets]`. */
type Answered = Rows & Pick<Prediction, 'outputs'>;

/** Has a candidate predict the rows that the serving version has answered: after the reply, and without affecting it. */
export class Shadow {
  private readonly candidate: Predictor;
  private readonly serving: Serving;
  /** Changes rows from the codes of the serving version to those of the candidate, whose levels may differ. */
  private readonly recode: ((rows: Float32Array) => void) | undefined;
  private readonly requestedRows: number;
  /** `[requestedRows, targets]` */
  private readonly differences: Float32Array;
  private readonly queue: Answered[] = [];
  private queuedRows = 0;
  private comparedRows = 0;
  private scheduled: NodeJS.Immediate | undefined;
  private end: (reason: string | null) => void = () => {};

  /** `candidate` remains the caller's; it has the same columns as `serving`. */
  constructor(candidate: Predictor, serving: Serving, requestedRows: number) {
    this.candidate = candidate;
    this.serving = serving;
    const [from, to] = [serving.card.columns, candidate.scalers.columns];
    if (from && to) this.recode = recoder(from, to);
    this.requestedRows = requestedRows;
    this.differences = new Float32Array(requestedRows * serving.card.targets.length);
  }

  /** Runs until the requested rows have been compared. Returns null then, or the reason why it ended before. */
  async run(service: PredictionService, signal: AbortSignal): Promise<string | null> {
    const ended = new Promise<string | null>((resolve) => {
      this.end = resolve;
    });
    const cancel = () => this.end('the training was cancelled');
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    const expire = () =>
      this.end(`only ${this.comparedRows} of ${this.requestedRows} rows came in ${MAX_DURATION / 3_600_000} hours`);
    const timer = setTimeout(expire, MAX_DURATION).unref();
    const stopObserving = service.observe((observation) => this.enqueue(observation));
    try {
      return await ended;
    } finally {
      stopObserving();
      clearTimeout(timer);
      clearImmediate(this.scheduled);
      signal.removeEventListener('abort', cancel);
    }
  }

  get report(): ShadowReport {
    const { requestedRows, comparedRows, differences, serving } = this;
    return {
      asked_rows: requestedRows,
      rows: comparedRows,
      targets: describeDifferences(differences, comparedRows, serving.card),
    };
  }

  /** Runs before the reply is sent, so it only copies. */
  private enqueue({ rows, count, prediction, serving }: Observation): void {
    if (serving.version !== this.serving.version) {
      // A long prediction may still end that began before the version which this shadow compares with.
      if (serving.since > this.serving.since) this.end(`version ${serving.version} serves meanwhile`);
      return;
    }
    const room = Math.min(this.requestedRows - this.comparedRows, MAX_QUEUED_ROWS) - this.queuedRows;
    const sampled = Math.min(count, MAX_SAMPLED_ROWS, room);
    if (sampled <= 0) return;
    const [width, depth] = [serving.card.features.length, serving.card.targets.length];
    const sample = {
      rows: new Float32Array(sampled * width),
      count: sampled,
      outputs: new Float32Array(sampled * depth),
    };
    for (let i = 0; i < sampled; i++) {
      const row = Math.floor((i * count) / sampled);
      sample.rows.set(rows.subarray(row * width, (row + 1) * width), i * width);
      sample.outputs.set(prediction.outputs.subarray(row * depth, (row + 1) * depth), i * depth);
    }
    this.queue.push(sample);
    this.queuedRows += sampled;
    this.scheduled ??= setImmediate(() => this.compareNext());
  }

  /** Compares one chunk per turn of the event loop, so that no request waits longer. An error here ends the shadow only. */
  private compareNext(): void {
    try {
      this.compareChunk();
    } catch (error) {
      this.end(`it could not answer: ${(error as Error).message}`);
      return;
    }
    this.scheduled = this.queue.length > 0 ? setImmediate(() => this.compareNext()) : undefined;
    if (this.comparedRows === this.requestedRows) this.end(null);
  }

  private compareChunk(): void {
    const { rows, count, outputs } = this.queue[0]!;
    const [width, depth] = [rows.length / count, outputs.length / count];
    const chunk = Math.min(count, Math.max(1, Math.floor(VALUES_PER_TURN / width)));
    const part = rows.subarray(0, chunk * width);
    this.recode?.(part);
    const answers = this.candidate.predict(part, chunk).outputs;
    this.addDifferences(answers, outputs.subarray(0, chunk * depth), depth);
    this.queuedRows -= chunk;
    const rest = { rows: rows.subarray(chunk * width), count: count - chunk, outputs: outputs.subarray(chunk * depth) };
    if (rest.count > 0) this.queue[0] = rest;
    else this.queue.shift();
  }

  /** Both are `[chunk, targets]`. */
  private addDifferences(answers: Float32Array, outputs: Float32Array, depth: number): void {
    const at = this.comparedRows * depth;
    for (let i = 0; i < outputs.length; i++) {
      const difference = answers[i]! - outputs[i]!;
      if (!Number.isFinite(difference)) throw new RangeError('a row too far from its training data');
      this.differences[at + i] = difference;
    }
    this.comparedRows += outputs.length / depth;
  }
}
