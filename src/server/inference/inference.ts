import type { FastifyReply } from 'fastify';
import { TimeSlice } from '../../base/node/time-slice.js';
import type { Rows } from '../../model/tables/rows.js';
import { NUMBER_LENGTH, SMALL_REPLY } from '../fast-path/fast-reply.js';
import { LARGE_BODY } from '../http/large-body.js';
import { ROW_READERS, type RowReaderName } from '../readers/readers.js';
import type { Observation, PredictionService, Serving } from '../service/prediction/prediction-service.js';
import type { BodyReader } from './body-reader.js';

type Given<N extends RowReaderName> = Parameters<(typeof ROW_READERS)[N]>[2];
type Asked<N extends RowReaderName> = ReturnType<(typeof ROW_READERS)[N]>['asked'];

/** Where a reply goes: to Fastify, or ahead of it. */
export interface InferenceReply {
  type(contentType: string): unknown;
  header(name: string, value: string): unknown;
  send(body: string | Buffer): unknown;
}

/** A request in a contract's words: its body, and how it is read and answered. */
export interface InferenceRequest<N extends RowReaderName> {
  readonly reader: N;
  readonly body: Buffer;
  /** What the reader is told beside the body. */
  readonly given: Given<N>;
  /** Writes the body of the reply, in parts; what it was asked is what the reader found beside the rows. */
  readonly write: (observation: Observation, asked: Asked<N>, reply: InferenceReply) => Iterable<string | Uint8Array>;
  /** Whether the body, however large, is read at once: bytes, and not text. */
  readonly binary?: boolean;
  /** Told the milliseconds that reading, predicting and writing took. */
  readonly timed?: (rows: number, milliseconds: readonly [number, number, number]) => void;
}

export interface InferenceOptions {
  readonly service: PredictionService;
  readonly reader: BodyReader;
  readonly maxRows: number;
  readonly allowMissing: boolean;
}

/** From a contract's body to its reply, by the same prediction as `POST /predict`, and as that one in turns if it is large. */
export class Inference {
  private readonly options: InferenceOptions;

  constructor(options: InferenceOptions) {
    this.options = options;
  }

  /** Sends the reply, or the error. Throws what a small request is refused for. */
  answer<N extends RowReaderName>(reply: FastifyReply, request: InferenceRequest<N>): void {
    if (request.body.length > LARGE_BODY) {
      this.answerInTurns(reply, request).then(
        (body) => reply.send(body),
        (error) => reply.send(error),
      );
      return;
    }
    this.answerAtOnce(reply, request);
  }

  /** As `answer`, if the reply is sure to be small. If not, and if it throws, nothing is sent and no observer saw it. */
  answerSmall<N extends RowReaderName>(reply: InferenceReply, request: InferenceRequest<N>): void {
    if (request.body.length <= SMALL_REPLY) this.answerAtOnce(reply, request, SMALL_REPLY);
  }

  private answerAtOnce<N extends RowReaderName>(
    reply: InferenceReply,
    request: InferenceRequest<N>,
    most = Number.POSITIVE_INFINITY,
  ): void {
    const { service } = this.options;
    // Where nobody asks, the clock is not read: it costs as much as the forward pass of a row.
    const now = request.timed ? () => performance.now() : () => 0;
    const start = now();
    const { serving } = service;
    const { rows, count, asked } = this.read(request, serving);
    if (longest(request.body, count, serving) > most) return;
    const read = now();
    const observation = service.predict(rows, count);
    const predicted = now();
    tellModel(reply, observation);
    const body = joined(request.write(observation, asked, reply));
    request.timed?.(count, [read - start, predicted - read, now() - predicted]);
    reply.send(body);
  }

  private answerInTurns<N extends RowReaderName>(
    reply: FastifyReply,
    request: InferenceRequest<N>,
  ): Promise<string | Buffer> {
    const { service } = this.options;
    return service.hold(async (serving) => {
      const slice = new TimeSlice();
      const start = performance.now();
      const { rows, count, asked } = request.binary
        ? this.read(request, serving)
        : await this.readInThread(request, serving);
      const read = performance.now();
      const observation = await service.predictInSlices(serving, rows, count, slice);
      const predicted = performance.now();
      tellModel(reply, observation);
      const parts: (string | Uint8Array)[] = [];
      for (const part of request.write(observation, asked, reply)) {
        parts.push(typeof part === 'string' ? Buffer.from(part) : part);
        await slice.yieldIfOver();
      }
      request.timed?.(count, [read - start, predicted - read, performance.now() - predicted]);
      return joined(parts);
    });
  }

  private read<N extends RowReaderName>({ reader, body, given }: InferenceRequest<N>, serving: Serving) {
    const read = ROW_READERS[reader] as unknown as (...of: unknown[]) => Rows & { asked: Asked<N> };
    return read(body, this.model(serving), given);
  }

  private async readInThread<N extends RowReaderName>(
    { reader, body, given }: InferenceRequest<N>,
    serving: Serving,
  ): Promise<Rows & { asked: Asked<N> }> {
    const { rows, count, asked } = await this.options.reader.read({ reader, body, given, ...this.model(serving) });
    return { rows, count, asked: asked as Asked<N> };
  }

  private model({ card: { features } }: Serving) {
    const { maxRows, allowMissing } = this.options;
    return { features, maxRows, allowMissing };
  }
}

/** Bodies by contract have no fields of ours: version and mean reconstruction error travel as headers. */
function tellModel(reply: InferenceReply, { prediction: { errors }, count, serving }: Observation): void {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += errors[i]!;
  reply.header('x-model-version', String(serving.version));
  reply.header('x-reconstruction-error', String(Math.fround(sum / count)));
}

/** Characters of a reply, at most, to all outputs that there are and with whatever it repeats of the request, as an id. */
function longest(body: Buffer, count: number, { card: { features, targets } }: Serving): number {
  return body.length + NUMBER_LENGTH * count * (features.length + targets.length + 1);
}

function joined(parts: Iterable<string | Uint8Array>): string | Buffer {
  let text = '';
  const bytes: Uint8Array[] = [];
  for (const part of parts) {
    if (typeof part === 'string' && bytes.length === 0) text += part;
    else bytes.push(typeof part === 'string' ? Buffer.from(part) : part);
  }
  return bytes.length === 0 ? text : Buffer.concat([Buffer.from(text), ...bytes]);
}
