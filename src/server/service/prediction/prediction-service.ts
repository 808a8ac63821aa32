import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import type { TimeSlice } from '../../../base/node/time-slice.js';
import type { Explainer } from '../../../model/explanation/explainer.js';
import type { Bounds, Intervals } from '../../../model/intervals/intervals.js';
import type { Prediction, Predictor } from '../../../model/network/predictor.js';
import type { Rows } from '../../../model/tables/rows.js';
import type { Card } from '../../../model/versions/card.js';
import type { Probe } from '../../../model/versions/probe.js';

/** Input values predicted per chunk (well under 1 ms) before the time slice is checked. */
const VALUES_PER_CHUNK = 4096;

/** The version that serves. */
export interface Serving {
  readonly version: number;
  readonly card: Card;
  readonly predictor: Predictor;
  /** Opens at the first explanation. */
  readonly explainer: Explainer;
  readonly probe: Probe;
  /** Undefined for a version of an earlier release. */
  readonly intervals?: Intervals | undefined;
  /** When it began to serve, in milliseconds since the epoch. */
  readonly since: number;
}

/** One answered request. The arrays are valid only until the current turn of the event loop ends. */
export interface Observation extends Rows {
  readonly prediction: Prediction;
  readonly serving: Serving;
  /** The prediction intervals, if the request asks for them. */
  readonly intervals?: { readonly level: number } & Bounds;
}

/** Observes predictions. If it throws, the error is counted and logged, and the reply is unaffected. */
export type Observer = (observation: Observation) => void;

/** Rows of one request that were refused because float32 cannot hold their predictions: those numbered `refused`. */
export interface Refusal extends Rows {
  readonly refused: readonly number[];
  readonly serving: Serving;
}

/** Makes every prediction of this process. Knows no HTTP. */
export class PredictionService {
  private current: Serving | undefined;
  private reason = 'starting';
  private observers: Observer[] = [];
  private refusalObservers: ((refusal: Refusal) => void)[] = [];
  /** Number of long predictions in progress, by version. */
  private readonly held = new Map<Serving, number>();
  private readonly log: Pick<Logger, 'error'>;
  private failures = 0;
  private draining = false;

  constructor(log: Pick<Logger, 'error'>) {
    this.log = log;
  }

  /** Number of errors thrown by observers. */
  get observerErrors(): number {
    return this.failures;
  }

  /** Adds an observer. Returns a function that removes it. */
  observe(observer: Observer): () => void {
    this.observers.push(observer);
    return () => {
      this.observers = this.observers.filter((other) => other !== observer);
    };
  }

  /** Adds an observer of refused rows, which is treated like the others. */
  observeRefusals(observer: (refusal: Refusal) => void): void {
    this.refusalObservers.push(observer);
  }

  /** The version that serves. Throws `NOT_READY` with the reason if none does. */
  get serving(): Serving {
    if (!this.current) throw new DomainError('NOT_READY', this.reason);
    return this.current;
  }

  /** The version that serves; undefined if none does. */
  get servingIfReady(): Serving | undefined {
    return this.current;
  }

  /** The version that serves. Throws `NOT_READY` with the reason if none does, or if the service is shutting down. */
  get ready(): Serving {
    if (this.draining) throw new DomainError('NOT_READY', this.reason);
    return this.serving;
  }

  /** Sets the reason that `NOT_READY` reports until a version serves. */
  explainNotReady(reason: string): void {
    this.reason = reason;
  }

  /** Continues to answer requests, but reports that it is no longer ready. */
  drain(reason: string): void {
    this.draining = true;
    this.reason = reason;
  }

  /**
   * Predicts `count` rows, `[count, features]` in raw units, NaN where a value is missing, in one forward pass, and notifies the
   * observers. All of it runs within one turn of the event loop, so no swap can happen meanwhile.
   *
   * Throws `NOT_READY`, or `NON_FINITE_OUTPUT` if float32 cannot hold the prediction of a row.
   */
  predict(rows: Float32Array, count: number): Observation {
    const { serving } = this;
    const prediction = serving.predictor.predict(rows, count);
    const refused = refusedRows(prediction, count);
    if (refused) throw this.refuse({ rows, count, refused, serving }, instance(refused[0]!));
    const observation = { rows, count, prediction, serving };
    this.notify(this.observers, observation);
    return observation;
  }

  /**
   * Predicts many rows by `serving`, which the caller holds, and yields to the event loop between chunks. The observers see one
   * prediction, at its end. The caller owns the arrays.
   */
  async predictInSlices(serving: Serving, rows: Float32Array, count: number, slice: TimeSlice): Promise<Observation> {
    const observation = await this.predictUnseen(serving, rows, count, slice, instance, true);
    this.notify(this.observers, observation);
    return observation;
  }

  /**
   * Predicts as `predictInSlices` without notifying observers, for rows that they have seen before, or that no client sent for
   * prediction. `place` names a row of the request in errors. `observed`: observers of refused rows see those that are refused.
   */
  async predictUnseen(
    serving: Serving,
    rows: Float32Array,
    count: number,
    slice: TimeSlice,
    place = instance,
    observed = false,
  ): Promise<Observation> {
    const { predictor } = serving;
    const { inputs, outputs: outputWidth } = predictor.engine.shape;
    const { width } = predictor.encoder;
    const prediction = {
      outputs: new Float32Array(count * outputWidth),
      reconstructions: new Float32Array(count * inputs),
      inputs: new Float32Array(count * inputs),
      errors: new Float32Array(count),
    };
    const rowsPerChunk = Math.max(1, Math.floor(VALUES_PER_CHUNK / inputs));
    for (let from = 0; from < count; from += rowsPerChunk) {
      const chunk = Math.min(rowsPerChunk, count - from);
      const pass = predictor.predict(rows.subarray(from * width, (from + chunk) * width), chunk);
      const refused = refusedRows(pass, chunk);
      if (refused) {
        const first = place(from + refused[0]!);
        const part = rows.subarray(from * width, (from + chunk) * width);
        throw observed ? this.refuse({ rows: part, count: chunk, refused, serving }, first) : tooFar(first);
      }
      prediction.outputs.set(pass.outputs, from * outputWidth);
      prediction.reconstructions.set(pass.reconstructions, from * inputs);
      prediction.inputs.set(pass.inputs, from * inputs);
      prediction.errors.set(pass.errors, from);
      await slice.yieldIfOver();
    }
    return { rows, count, prediction, serving };
  }

  /** Runs `work` with the version that serves, which stays open until `work` ends, even if another is swapped in. */
  async hold<T>(work: (serving: Serving) => Promise<T>): Promise<T> {
    const { serving, held } = this;
    held.set(serving, (held.get(serving) ?? 0) + 1);
    try {
      return await work(serving);
    } finally {
      const left = held.get(serving)! - 1;
      if (left > 0) held.set(serving, left);
      else {
        held.delete(serving);
        if (serving !== this.current) close(serving);
      }
    }
  }

  /** Returns whether a long prediction still uses a version. */
  isHeld(serving: Serving): boolean {
    return this.held.has(serving);
  }

  /** Logs the 1st, 2nd, 4th, 8th … failure: an observer that fails at every request must not fill the disk. */
  private notify<Observed>(observers: readonly ((observed: Observed) => void)[], observed: Observed): void {
    for (const observer of observers) {
      try {
        observer(observed);
      } catch (error) {
        const failures = ++this.failures;
        if ((failures & (failures - 1)) !== 0) continue;
        this.log.error({ err: error, failures }, 'an observer failed; the prediction was sent nevertheless');
      }
    }
  }

  private refuse(refusal: Refusal, place: string): DomainError {
    this.notify(this.refusalObservers, refusal);
    return tooFar(place);
  }

  /** Makes `next` the serving version by changing one pointer, between two requests. */
  swap(next: Omit<Serving, 'since'>): void {
    const former = this.current;
    this.current = { ...next, since: Date.now() };
    if (former && !this.isHeld(former)) close(former);
  }
}

function close({ predictor, explainer }: Serving): void {
  explainer.close();
  predictor.close();
}

/**
 * The rows whose prediction or error is not finite; undefined if there are none. JSON has no Infinity: JSON.stringify would turn
 * it into null.
 */
function refusedRows({ outputs, errors }: Prediction, count: number): number[] | undefined {
  const width = outputs.length / count;
  let finite = true;
  for (let i = 0; i < outputs.length && finite; i++) finite = Number.isFinite(outputs[i]!);
  for (let row = 0; row < count && finite; row++) finite = Number.isFinite(errors[row]!);
  if (finite) return undefined;
  return Array.from({ length: count }, (_, row) => row).filter(
    (row) => !Number.isFinite(errors[row]!) || !outputs.subarray(row * width, (row + 1) * width).every(Number.isFinite),
  );
}

function instance(row: number): string {
  return `instances[${row}]`;
}

function tooFar(place: string): DomainError {
  return new DomainError('NON_FINITE_OUTPUT', `${place}: too far from the training data for a finite prediction`);
}
