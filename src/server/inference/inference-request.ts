import type { TimeSlice } from '../../base/node/time-slice.js';
import type { ROW_READERS } from '../readers/readers.js';
import type { Observation, Serving } from '../service/prediction/prediction-service.js';
import type { SLICED_READERS } from './sliced-readers.js';

type Readers = typeof ROW_READERS & typeof SLICED_READERS;
export type ReaderName = keyof Readers;
type Requested<N extends ReaderName> =
  NonNullable<Awaited<ReturnType<Readers[N]>>> extends { requested: infer R } ? R : undefined;

/** The part of Fastify's reply that a writer uses; the fast path has one of its own. */
export interface InferenceReply {
  /** Rows of the request, which its sender is charged for. Set as soon as they have been read. */
  rows: number;
  type(contentType: string): unknown;
  header(name: string, value: string): unknown;
  send(body: string | Buffer): unknown;
}

/** Parts of a reply's body. Between two of them the event loop may turn. */
export type Parts = Iterable<string | Uint8Array>;

/** A prediction request in the terms of one protocol: its body, the reader of its rows, and the writer of its reply. */
export interface InferenceRequest<N extends ReaderName = ReaderName> {
  readonly reader: N;
  readonly body: Buffer;
  /** What the reader needs beside the body. */
  readonly options?: Parameters<Readers[N]>[2];
  /** The level of prediction intervals, if it is not the body that asks for them. */
  readonly interval?: number | undefined;
  /** Sets the reply's headers and writes its body. `requested` is what the body asks for beside the predictions. */
  write(observation: Observation, requested: Requested<N>, reply: InferenceReply): Parts;
  /**
   * Asynchronous work between the prediction and the writing, if there is any. Long work yields by `slice`, and ends early once
   * the client has gone.
   */
  prepare?(observation: Observation, slice: TimeSlice, hasGone: () => boolean): Promise<unknown>;
  /**
   * Returns the bytes that `prepare` will hold, and those of the reply at least. Throws, before a row is predicted, if the rows are
   * too many for it.
   */
  reserve?(count: number, serving: Serving): { readonly held: number; readonly reply: number };
  /** Whether it takes its turn as large bodies do, since its work is long. */
  readonly isLong?: boolean;
  /** Returns the maximum length of the reply, for requests whose body does not bound it. */
  maxLength?(count: number, serving: Serving): number;
  /** Receives the milliseconds that reading, predicting and writing took. */
  readonly onTimed?: ((rows: number, milliseconds: readonly [number, number, number]) => void) | undefined;
}
