import type { FastifyReply } from 'fastify';
import { TimeSlice } from '../../base/node/time-slice.js';
import { NUMBER_LENGTH, SMALL_REPLY } from '../fast-path/fast-reply.js';
import { LARGE_BODY } from '../http/large-body.js';
import { ROW_READERS, type RowReaderName } from '../readers/readers.js';
import type { RequestedRows, RowModel } from '../readers/row-list.js';
import { SLICED_READERS, type SlicedReaderName } from '../readers/sliced-readers.js';
import type { PredictionService, Serving } from '../service/prediction/prediction-service.js';
import type { BodyReader } from './body-reader.js';
import type {
  InferenceReply,
  InferenceRequest,
  Parts,
  ReaderName,
  ReaderOptions,
  Requested,
} from './inference-request.js';

export interface InferenceOptions {
  readonly service: PredictionService;
  readonly reader: BodyReader;
  readonly maxRows: number;
  readonly allowMissing: boolean;
}

/** The one way of a prediction, whatever the protocol: a body's bytes, its rows, `PredictionService`, a reply. */
export class Inference {
  private readonly options: InferenceOptions;

  constructor(options: InferenceOptions) {
    this.options = options;
  }

  /** Sends the reply, or the error of a request that is not answered at once. Throws the error of one that is. */
  answer<N extends ReaderName>(reply: FastifyReply, request: InferenceRequest<N>): void {
    if (isAnsweredAtOnce(request)) {
      this.answerAtOnce(reply, request);
      return;
    }
    this.answerInSlices(reply, request).then(
      (body) => reply.send(body),
      (error) => reply.send(error),
    );
  }

  /**
   * Answers like `answer` if the reply is certain to be small. Otherwise, and if it throws, nothing is sent and no observer
   * has seen a prediction.
   */
  answerSmall<N extends ReaderName>(reply: InferenceReply, request: InferenceRequest<N>): void {
    if (isAnsweredAtOnce(request)) this.answerAtOnce(reply, request, SMALL_REPLY);
  }

  private answerAtOnce<N extends ReaderName>(
    reply: InferenceReply,
    request: InferenceRequest<N>,
    maxLength = Number.POSITIVE_INFINITY,
  ): void {
    const { service } = this.options;
    const { onTimed } = request;
    const { serving } = service;
    if (maxLengthOf(request, 0, serving) > maxLength) return;
    // Without `onTimed` the clock is not read: it costs as much as the forward pass of a row.
    const start = onTimed ? performance.now() : 0;
    const { rows, count, requested } = readAtOnce(request, this.model(serving));
    if (maxLengthOf(request, count, serving) > maxLength) return;
    const read = onTimed ? performance.now() : 0;
    const observation = service.predict(rows, count);
    const predicted = onTimed ? performance.now() : 0;
    const body = joined(request.write(observation, requested, reply));
    onTimed?.(count, [read - start, predicted - read, performance.now() - predicted]);
    reply.send(body);
  }

  private answerInSlices<N extends ReaderName>(reply: InferenceReply, request: InferenceRequest<N>): Promise<Buffer> {
    const { service } = this.options;
    return service.hold(async (serving) => {
      const slice = new TimeSlice();
      const start = performance.now();
      const { rows, count, requested } = await this.read(request, this.model(serving), slice);
      const read = performance.now();
      const observation = await service.predictInSlices(serving, rows, count, slice);
      const predicted = performance.now();
      await request.prepare?.(observation);
      const parts: Uint8Array[] = [];
      for (const part of request.write(observation, requested, reply)) {
        parts.push(typeof part === 'string' ? Buffer.from(part) : part);
        await slice.yieldIfOver();
      }
      request.onTimed?.(count, [read - start, predicted - read, performance.now() - predicted]);
      return Buffer.concat(parts);
    });
  }

  /** Reads a small body at once; a large one in time slices if its reader can, and otherwise in the thread. */
  private async read<N extends ReaderName>(
    request: InferenceRequest<N>,
    model: RowModel,
    slice: TimeSlice,
  ): Promise<Reading<N>> {
    const { body, options } = request;
    if (isReadAtOnce(request)) {
      const { rows, count, requested } = readAtOnce(request, model);
      // A reader reuses its memory for the next request.
      return { rows: rows.slice(0, count * model.features.length), count, requested };
    }
    const readInSlices = SLICED_READERS[request.reader as SlicedReaderName] as SlicedReader<N> | undefined;
    const reading = await readInSlices?.(body, model, options, slice);
    if (reading) return reading;
    const reader = request.reader as RowReaderName;
    return (await this.options.reader.read({ reader, body, options, ...model })) as Reading<N>;
  }

  private model({ card: { features } }: Serving): RowModel {
    const { maxRows, allowMissing } = this.options;
    return { features, maxRows, allowMissing };
  }
}

type Reading<N extends ReaderName> = RequestedRows<Requested<N>>;
type SlicedReader<N extends ReaderName> = (
  body: Buffer,
  model: RowModel,
  options: ReaderOptions<N>,
  slice: TimeSlice,
) => Promise<Reading<N> | undefined>;

/** Whether reading the body, the prediction and writing the reply run in one turn of the event loop. */
function isAnsweredAtOnce(request: InferenceRequest): boolean {
  return isReadAtOnce(request) && !request.prepare;
}

function isReadAtOnce({ reader, body }: InferenceRequest): boolean {
  return body.length <= LARGE_BODY && reader in ROW_READERS;
}

function readAtOnce<N extends ReaderName>({ reader, body, options }: InferenceRequest<N>, model: RowModel): Reading<N> {
  const read = ROW_READERS[reader as RowReaderName] as (...of: unknown[]) => Reading<N>;
  return read(body, model, options);
}

/** Characters of a reply with every possible output that repeats the whole body, for example as an id. */
function maxLengthOf(request: InferenceRequest, count: number, serving: Serving): number {
  if (request.maxLength) return request.maxLength(count, serving);
  const { features, targets } = serving.card;
  return request.body.length + NUMBER_LENGTH * count * (features.length + targets.length + 1);
}

function joined(parts: Parts): string | Buffer {
  let text = '';
  const bytes: Uint8Array[] = [];
  for (const part of parts) {
    if (typeof part === 'string' && bytes.length === 0) text += part;
    else bytes.push(typeof part === 'string' ? Buffer.from(part) : part);
  }
  return bytes.length === 0 ? text : Buffer.concat([Buffer.from(text), ...bytes]);
}
