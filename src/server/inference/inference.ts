import type { FastifyReply } from 'fastify';
import { freeMemory } from '../../base/node/free-memory.js';
import { TimeSlice } from '../../base/node/time-slice.js';
import { rowModelOf } from '../../model/tables/row-model.js';
import type { Card } from '../../model/versions/card.js';
import { LARGE_BODY } from '../bodies/large-body.js';
import type { RequestCharge } from '../bodies/request-memory.js';
import { NUMBER_LENGTH, SMALL_REPLY } from '../fast-path/fast-reply.js';
import { IGNORED_COLUMNS } from '../http/ignored-columns.js';
import { ROW_READERS, type RowReaderName } from '../readers/readers.js';
import type { Reading, RowModel } from '../readers/row-list.js';
import type { PredictionService, Serving } from '../service/prediction/prediction-service.js';
import { addIntervals, addIntervalsInSlices, requireIntervals } from './add-intervals.js';
import type { BodyReader } from './body-reader.js';
import type { InferenceReply, InferenceRequest, Parts, ReaderName } from './inference-request.js';
import { SLICED_READERS } from './sliced-readers.js';
import { Turns } from './turns.js';

export interface InferenceOptions {
  readonly service: PredictionService;
  readonly reader: BodyReader;
  readonly maxRows: number;
  readonly allowMissing: boolean;
}

/** The one way of a prediction, whatever the protocol: a body's bytes, its rows, `PredictionService`, a reply. */
export class Inference {
  private readonly options: InferenceOptions;
  private readonly turns = new Turns();
  private model: RowModel;
  /** The card that `model` was made from. */
  private card: Card | undefined;

  constructor(options: InferenceOptions) {
    this.options = options;
    const { maxRows, allowMissing } = options;
    this.model = { features: [], maxRows, allowMissing };
  }

  /** Sends the reply, or the error of a request that is not answered at once. Throws the error of one that is. */
  answer(reply: FastifyReply, request: InferenceRequest): void {
    const read = readerAtOnce(request);
    const { charge } = reply.request;
    if (read && !request.prepare) {
      this.answerAtOnce(reply, request, read, undefined, charge);
      return;
    }
    const work = () => this.answerInSlices(reply, request, charge);
    let working = read && !request.isLong ? work() : this.turns.run(work);
    // A large body: nobody reads it any more.
    if (!read) working = working.finally(() => freeMemory(request.body));
    working.then(
      (body) => reply.send(body),
      (error) => reply.send(error),
    );
  }

  /**
   * Answers like `answer` if the reply is certain to be small. Otherwise, and if it throws, nothing is sent and no observer
   * has seen a prediction.
   */
  answerSmall(reply: InferenceReply, request: InferenceRequest): void {
    const read = readerAtOnce(request);
    if (!read || request.prepare || (!request.maxLength && request.body.length > SMALL_REPLY)) return;
    this.answerAtOnce(reply, request, read, SMALL_REPLY);
  }

  /** Runs within one turn of the event loop. Sends nothing if the reply might be longer than `maxLength`. */
  private answerAtOnce(
    reply: InferenceReply,
    request: InferenceRequest,
    read: Reader<Reading>,
    maxLength = Number.POSITIVE_INFINITY,
    charge?: RequestCharge,
  ): void {
    const { service } = this.options;
    const { serving } = service;
    const { body, options, onTimed } = request;
    // Without `onTimed` the clock is not read: it costs as much as the forward pass of a row.
    const start = onTimed ? performance.now() : 0;
    const { rows, count, requested, ignored, interval: ofBody } = read(body, this.modelOf(serving), options);
    reply.rows = count;
    const level = request.interval ?? ofBody;
    // Before an observer sees a prediction that is not sent.
    if (level !== undefined) requireIntervals(serving, level);
    const length = maxLengthOf(request, count, serving, level);
    if (length > maxLength) return;
    charge?.add(length);
    const readAt = onTimed ? performance.now() : 0;
    const predicted = service.predict(rows, count);
    const observation = level === undefined ? predicted : addIntervals(predicted, level);
    const predictedAt = onTimed ? performance.now() : 0;
    if (ignored) reply.header(IGNORED_COLUMNS, String(ignored));
    const text = joined(request.write(observation, requested as never, reply));
    onTimed?.(count, [readAt - start, predictedAt - readAt, performance.now() - predictedAt]);
    reply.send(text);
  }

  private answerInSlices(reply: FastifyReply, request: InferenceRequest, charge?: RequestCharge): Promise<Buffer> {
    const { service } = this.options;
    return service.hold(async (serving) => {
      const slice = new TimeSlice();
      const start = performance.now();
      const model = this.modelOf(serving);
      const { length: width } = model.features;
      const reading = FLOAT_BYTES * Math.min(model.maxRows * width, request.body.length / BYTES_PER_VALUE);
      charge?.add(reading);
      const { rows, count, requested, ignored, interval: ofBody } = await this.read(request, model, slice);
      reply.rows = count;
      const level = request.interval ?? ofBody;
      if (level !== undefined) requireIntervals(serving, level);
      charge?.subtract(reading);
      // Rows, inputs, reconstructions, outputs, bounds and errors.
      const { inputs, outputs } = serving.predictor.engine.shape;
      charge?.add(FLOAT_BYTES * count * (width + 2 * inputs + outputs * (level === undefined ? 1 : 3) + 1));
      const reserved = request.reserve?.(count, serving) ?? { held: 0, reply: 0 };
      charge?.add(reserved.held + reserved.reply);
      const read = performance.now();
      const unbounded = await service.predictInSlices(serving, rows, count, slice);
      const observation = level === undefined ? unbounded : await addIntervalsInSlices(unbounded, level, slice);
      const predicted = performance.now();
      await request.prepare?.(observation, slice, () => reply.raw.destroyed);
      if (ignored) reply.header(IGNORED_COLUMNS, String(ignored));
      const parts: Part[] = [];
      let charged = reserved.reply;
      let length = 0;
      for (const part of request.write(observation, requested as never, reply)) {
        const isText = typeof part === 'string';
        const bytes = isText ? Buffer.from(part) : part;
        length += bytes.length;
        if (length > charged) {
          charge?.add(length - charged);
          charged = length;
        }
        parts.push({ bytes, isText });
        await slice.yieldIfOver();
      }
      request.onTimed?.(count, [read - start, predicted - read, performance.now() - predicted]);
      return joinedOnce(parts);
    });
  }

  /** Reads a small body at once; a large one in time slices if its reader can, and otherwise in the thread. */
  private async read(request: InferenceRequest, model: RowModel, slice: TimeSlice): Promise<Reading> {
    const { reader, body, options } = request;
    const read = readerAtOnce(request);
    if (read) {
      const reading = read(body, model, options);
      // A reader reuses its memory for the next request.
      return { ...reading, rows: reading.rows.slice(0, reading.count * model.features.length) };
    }
    return (
      (await READERS_IN_SLICES[reader]?.(body, model, options, slice)) ??
      this.options.reader.read({ reader: reader as RowReaderName, body, options, ...model })
    );
  }

  /** Makes the object once per version rather than per request. */
  private modelOf(serving: Serving): RowModel {
    if (serving.card !== this.card) {
      this.card = serving.card;
      this.model = rowModelOf(serving.card, this.options);
    }
    return this.model;
  }
}

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Bytes that a number and its separator take in the densest of common bodies. */
const BYTES_PER_VALUE = 4;

type Reader<Result> = (body: Buffer, model: RowModel, options: unknown, slice?: TimeSlice) => Result;
type ReadersByName<Result> = Readonly<Partial<Record<ReaderName, Reader<Result>>>>;

// The request's type parameter has checked that its options are those of its reader.
const READERS_AT_ONCE = ROW_READERS as ReadersByName<Reading>;
const READERS_IN_SLICES = SLICED_READERS as ReadersByName<Promise<Reading | undefined>>;

/** Returns the reader of a body that can be read within one turn of the event loop. */
function readerAtOnce({ reader, body }: InferenceRequest): Reader<Reading> | undefined {
  return body.length <= LARGE_BODY ? READERS_AT_ONCE[reader] : undefined;
}

/** Characters of a reply with every possible output that repeats the whole body, for example as an id. */
function maxLengthOf(request: InferenceRequest, count: number, serving: Serving, level: number | undefined): number {
  if (request.maxLength) return request.maxLength(count, serving);
  const { inputs, outputs } = serving.predictor.engine.shape;
  return (
    request.body.length +
    NUMBER_LENGTH * count * (inputs + outputs + 1) +
    (level === undefined ? 0 : count * boundsLength(serving))
  );
}

/** Characters of the bounds of a row at most, if they are named after their targets. */
function boundsLength({ card: { targets } }: Serving): number {
  return targets.reduce(
    (sum, target) => sum + 2 * NUMBER_LENGTH + 3 * (JSON.stringify(target).length + SUFFIX_LENGTH),
    0,
  );
}

/** Characters of `_high_99`, of a colon and a comma. */
const SUFFIX_LENGTH = 10;

/** A part of a reply. `isText`: its bytes were encoded here, and nothing else refers to them. */
interface Part {
  readonly bytes: Uint8Array;
  readonly isText: boolean;
}

/** Joins parts. A text is freed as soon as it has been copied: all of them together may take half of the memory. */
function joinedOnce(parts: readonly Part[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((length, { bytes }) => length + bytes.length, 0));
  let at = 0;
  for (const { bytes, isText } of parts) {
    whole.set(bytes, at);
    at += bytes.length;
    if (isText) freeMemory(bytes);
  }
  return whole;
}

function joined(parts: Parts): string | Buffer {
  // Iterating takes longer than the rest of most replies.
  if (Array.isArray(parts) && parts.length === 1) return parts[0];
  let text = '';
  const bytes: Uint8Array[] = [];
  for (const part of parts) {
    if (typeof part === 'string' && bytes.length === 0) text += part;
    else bytes.push(typeof part === 'string' ? Buffer.from(part) : part);
  }
  return bytes.length === 0 ? text : Buffer.concat([Buffer.from(text), ...bytes]);
}
