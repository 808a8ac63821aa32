import type { FastifyBaseLogger } from 'fastify';
import { DomainError } from '../../../base/domain-error.js';
import type { TimeSlice } from '../../../base/node/time-slice.js';
import type { Prediction, Predictor } from '../../../model/network/predictor.js';
import type { Card } from '../../../model/versions/card.js';
import type { Probe } from '../../../model/versions/probe.js';

/** Numbers that a long prediction computes before it asks whether it is somebody else's turn: well below a millisecond. */
const NUMBERS_OF_A_PART = 4096;

/** A version that serves. */
export interface Serving {
  readonly version: number;
  readonly card: Card;
  readonly predictor: Predictor;
  readonly probe: Probe;
  /** When it began to serve, in milliseconds since the epoch. */
  readonly since: number;
}

/** One answered request: the raw rows, `[count, features]`, NaN where a value is missing, and what was predicted. Valid until the turn ends. */
export interface Observation {
  readonly rows: Float32Array;
  readonly count: number;
  readonly prediction: Prediction;
  readonly serving: Serving;
}

/** Watches predictions. May throw: that is counted and logged, and no client notices. */
export type Observer = (observation: Observation) => void;

/** The one place where a prediction happens. Knows no HTTP. */
export class PredictionService {
  private current: Serving | undefined;
  private reason = 'starting';
  private observers: Observer[] = [];
  /** How many long predictions each version is at work for. */
  private readonly held = new Map<Serving, number>();
  private readonly log: Pick<FastifyBaseLogger, 'error'>;
  private failures = 0;
  private draining = false;

  constructor(log: Pick<FastifyBaseLogger, 'error'>) {
    this.log = log;
  }

  /** How often an observer has thrown. */
  get observerErrors(): number {
    return this.failures;
  }

  /** Returns what ends it. */
  observe(observer: Observer): () => void {
    this.observers.push(observer);
    return () => {
      this.observers = this.observers.filter((other) => other !== observer);
    };
  }

  /** The version that serves. Throws `NOT_READY` with the reason if there is none. */
  get serving(): Serving {
    if (!this.current) throw new DomainError('NOT_READY', this.reason);
    return this.current;
  }

  /** The version that serves, if one does. */
  get servingIfReady(): Serving | undefined {
    return this.current;
  }

  /** The version that serves, unless the service is about to stop. Throws `NOT_READY` with the reason. */
  get ready(): Serving {
    if (this.draining) throw new DomainError('NOT_READY', this.reason);
    return this.serving;
  }

  /** Why no version serves: what `/readyz` answers until one does. */
  explainNotReady(reason: string): void {
    this.reason = reason;
  }

  /** Answers what still comes, and is not ready any more. */
  drain(reason: string): void {
    this.draining = true;
    this.reason = reason;
  }

  /**
   * Predicts `count` rows, `[count, features]` in raw units, NaN where a value is missing, in one forward pass, and shows them to the observers. A
   * request is computed within one turn of the event loop, so a swap never comes between.
   *
   * Throws `NOT_READY`, and `NON_FINITE_OUTPUT` for a row so far off that float32 cannot hold its answer.
   */
  predict(rows: Float32Array, count: number): Observation {
    const { serving } = this;
    const prediction = serving.predictor.predict(rows, count);
    assertFinite(prediction, count);
    const observation = { rows, count, prediction, serving };
    this.show(observation);
    return observation;
  }

  /**
   * As `predict`, by `serving`, which must be held, for so many rows that others must have their turn in between. It
   * remains one prediction: by one version, shown to the observers once, as a whole, at its end. The arrays are the
   * caller's.
   */
  async predictInSlices(serving: Serving, rows: Float32Array, count: number, slice: TimeSlice): Promise<Observation> {
    const observation = await this.predictUnseen(serving, rows, count, slice);
    this.show(observation);
    return observation;
  }

  /**
   * As `predictInSlices`, but no observer sees it: of rows that were observed before, or that nobody asked about. `place`
   * names a row in the request, for the error.
   */
  async predictUnseen(
    serving: Serving,
    rows: Float32Array,
    count: number,
    slice: TimeSlice,
    place?: (row: number) => string,
  ): Promise<Observation> {
    const { predictor } = serving;
    const { inputs: width, outputs: outputWidth } = predictor.engine.shape;
    const prediction = {
      outputs: new Float32Array(count * outputWidth),
      reconstructions: new Float32Array(count * width),
      inputs: new Float32Array(count * width),
      errors: new Float32Array(count),
    };
    const some = Math.max(1, Math.floor(NUMBERS_OF_A_PART / width));
    for (let from = 0; from < count; from += some) {
      const part = Math.min(some, count - from);
      const pass = predictor.predict(rows.subarray(from * width, (from + part) * width), part);
      assertFinite(pass, part, from, place);
      prediction.outputs.set(pass.outputs, from * outputWidth);
      prediction.reconstructions.set(pass.reconstructions, from * width);
      prediction.inputs.set(pass.inputs, from * width);
      prediction.errors.set(pass.errors, from);
      await slice.yieldIfOver();
    }
    return { rows, count, prediction, serving };
  }

  /** Runs `work` with the version that serves, which stays open until it has ended, whatever is swapped in meanwhile. */
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
        if (serving !== this.current) serving.predictor.close();
      }
    }
  }

  /** Whether a long prediction is at work with a version. */
  isHeld(serving: Serving): boolean {
    return this.held.has(serving);
  }

  private show(observation: Observation): void {
    for (const observer of this.observers) {
      try {
        observer(observation);
      } catch (error) {
        this.observerFailed(error);
      }
    }
  }

  /** Makes `next` the serving version: one pointer changes, between two requests. */
  swap(next: Omit<Serving, 'since'>): void {
    const former = this.current;
    this.current = { ...next, since: Date.now() };
    if (former && !this.isHeld(former)) former.predictor.close();
  }

  /** Logged at the 1st, 2nd, 4th, 8th … time: what fails at every request must not fill the disk with it. */
  private observerFailed(error: unknown): void {
    const failures = ++this.failures;
    if ((failures & (failures - 1)) !== 0) return;
    this.log.error({ err: error, failures }, 'an observer failed; the prediction was answered all the same');
  }
}

/** JSON has no Infinity: it would leave as null, with a 200. */
function assertFinite({ outputs, errors }: Prediction, count: number, first = 0, place = instance): void {
  const width = outputs.length / count;
  for (let i = 0; i < outputs.length; i++)
    if (!Number.isFinite(outputs[i]!)) throw tooFar(place(first + Math.floor(i / width)));
  for (let row = 0; row < count; row++) if (!Number.isFinite(errors[row]!)) throw tooFar(place(first + row));
}

function instance(row: number): string {
  return `instances[${row}]`;
}

function tooFar(place: string): DomainError {
  return new DomainError('NON_FINITE_OUTPUT', `${place}: too far from the training data for a finite prediction`);
}
