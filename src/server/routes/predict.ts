import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { show } from '../../base/domain-error.js';
import type { TimeSlice } from '../../base/node/time-slice.js';
import { LEVELS, readLevel } from '../../model/intervals/level.js';
import { readBytes } from '../bodies/raw-body.js';
import { NUMBER_LENGTH, UTF8_JSON } from '../fast-path/fast-reply.js';
import { charsetOf } from '../http/charset.js';
import { ErrorReply } from '../http/errors.js';
import { HttpError } from '../http/http-error.js';
import {
  ARROW_FILE_TYPE,
  ARROW_TYPE,
  CSV_TYPE,
  JSON_TYPE,
  PARQUET_TYPE,
  type RowType,
  replyType,
} from '../http/media-types.js';
import { csvReplyParts } from '../inference/csv-reply.js';
import type { InferenceReply, InferenceRequest, Parts } from '../inference/inference-request.js';
import { intervalFields } from '../inference/interval-reply.js';
import { chunks, predictReply } from '../inference/json-reply.js';
import {
  NO_BODY,
  NO_QUERY,
  type PredictionInput,
  type PredictionRouteOptions,
  predictionRoute,
} from '../inference/prediction-route.js';
import { expectedInstances } from '../readers/predict-request.js';
import type { DriftService } from '../service/drift/drift-service.js';
import { type Explained, explain, leastLength } from '../service/drift/explanation.js';
import type { FeedbackService } from '../service/feedback/feedback-service.js';
import { contributionBytes, contributionsOf, type RowContributions } from '../service/prediction/contributions.js';
import type { Observation, Serving } from '../service/prediction/prediction-service.js';
import { BodyContent, PredictQuery, ReplyContent } from './predict-schema.js';

export interface PredictOptions extends PredictionRouteOptions {
  readonly drift: DriftService;
  readonly feedback: FeedbackService;
  /** Whether `?ids=true` is available; it stores the rows. */
  readonly storesRows: boolean;
}

/** Bytes of a body with some fifty rows of eight features, whose explanations take longer than a time slice. */
const LONG_EXPLANATION = 4096;

/** Numbers per part of the explanations, of which each row has a dozen objects with eight features. */
const NUMBERS_PER_EXPLAINED_PART = 512;

/** The types of replies. Fastify adds no charset to bytes. */
const CONTENT_TYPES = {
  [JSON_TYPE]: UTF8_JSON,
  [CSV_TYPE]: `${CSV_TYPE}; charset=utf-8`,
  [ARROW_TYPE]: ARROW_TYPE,
} as const;
/** The reader of each type of body, and the type of its replies unless the client prefers another. */
const SOURCES = {
  [JSON_TYPE]: { reader: 'predict', reply: JSON_TYPE },
  [CSV_TYPE]: { reader: 'predictCsv', reply: CSV_TYPE },
  [ARROW_TYPE]: { reader: 'predictArrow', reply: ARROW_TYPE },
  [ARROW_FILE_TYPE]: { reader: 'predictArrow', reply: ARROW_TYPE },
  [PARQUET_TYPE]: { reader: 'predictParquet', reply: JSON_TYPE },
} as const;
type SourceType = keyof typeof SOURCES;

/** The native interface: rows as JSON, CSV, Arrow or Parquet, and predictions as JSON, CSV or Arrow. */
export async function predictRoute(app: FastifyInstance, options: PredictOptions): Promise<void> {
  const { drift, feedback, storesRows } = options;
  app.removeContentTypeParser(JSON_TYPE);
  for (const type of Object.keys(SOURCES)) {
    app.addContentTypeParser(type, readBytes);
  }
  const errors = { 400: ErrorReply, 406: ErrorReply, 413: ErrorReply, 415: ErrorReply, 503: ErrorReply };
  predictionRoute(app, options, {
    pattern: '/predict',
    schema: {
      operationId: 'predict',
      summary: 'Predict rows in one forward pass',
      tags: ['model'],
      querystring: PredictQuery,
      body: { content: BodyContent },
      response: { 200: { content: ReplyContent }, ...errors },
    },
    request,
    fastPath: { path: () => '/predict', known: [undefined] },
  });

  function request({ headers, query, body }: PredictionInput<unknown>): InferenceRequest {
    const requested = query === NO_QUERY ? NOTHING_MORE : readQuery(query);
    if (requested.ids && !storesRows) {
      throw new HttpError('INVALID_QUERY', 'ids: this service is read-only and stores no rows');
    }
    const type = sourceType(headers['content-type']);
    const { reader, reply } = SOURCES[type];
    const options = type === CSV_TYPE ? { charset: charsetOf(headers['content-type']) } : undefined;
    const accepted = replyType(headers, reply);
    if (body === NO_BODY) throw expectedInstances('nothing');
    if (requested.explain && accepted !== JSON_TYPE) {
      throw new HttpError('INVALID_QUERY', `explain: expected a reply of ${JSON_TYPE} (accept), not ${accepted}`);
    }
    const { interval } = requested;
    if (accepted !== JSON_TYPE || requested.explain || requested.ids) {
      const isLong = requested.explain && body.length > LONG_EXPLANATION;
      return { reader, body, options, interval, isLong, ...extendedReply(accepted, requested) };
    }
    if (interval !== undefined) return { reader, body, options, interval, write: writeJsonWithIntervals };
    // Not spread: that takes longer than the forward pass of a row.
    return { reader, body, options, write: writeJson, maxLength: maxJsonLength };
  }

  /** A reply with more than the predictions, or as a table. */
  function extendedReply(type: RowType, { explain: explained, ids }: Requested) {
    let id: string | null = null;
    let arrow: typeof import('../inference/arrow-reply.js');
    let contributions: RowContributions;
    return {
      ...(explained && {
        reserve: (count: number, serving: Serving) => ({
          held: contributionBytes(count, serving),
          reply: count * leastLength(serving.card),
        }),
      }),
      prepare: async (observation: Observation, slice: TimeSlice, hasGone: () => boolean): Promise<void> => {
        if (explained) contributions = await contributionsOf(observation, slice, hasGone);
        if (ids) id = await feedback.retainPrediction(observation);
        if (type === ARROW_TYPE) arrow = await import('../inference/arrow-reply.js');
      },
      write: (observation: Observation, _requested: undefined, reply: InferenceReply): Parts => {
        reply.type(CONTENT_TYPES[type]);
        if (type === JSON_TYPE) {
          const more = intervalFields(observation);
          if (explained) more.push(['explanations', explanationParts({ ...observation, contributions }, drift)]);
          if (ids) more.push(['prediction_id', [JSON.stringify(id)]]);
          return predictReply(observation, more);
        }
        reply.header('x-model-version', String(observation.serving.version));
        if (id) reply.header('x-prediction-id', id);
        if (type === CSV_TYPE) return csvReplyParts(observation);
        return [arrow.arrowReply(observation, id ? { prediction_id: id } : {})];
      },
    };
  }
}

function writeJson(observation: Observation, _requested: undefined, reply: InferenceReply): Parts {
  reply.type(UTF8_JSON);
  return predictReply(observation);
}

function writeJsonWithIntervals(observation: Observation, _requested: undefined, reply: InferenceReply): Parts {
  reply.type(UTF8_JSON);
  return predictReply(observation, intervalFields(observation));
}

/** The reply repeats nothing of the body. */
function maxJsonLength(count: number, { card: { targets } }: Serving): number {
  return NUMBER_LENGTH * count * (targets.length + 1);
}

function* explanationParts(explained: Explained, drift: DriftService): Generator<string> {
  yield '[';
  const { count, serving } = explained;
  for (const [from, to] of chunks(count, serving.card.features.length, NUMBERS_PER_EXPLAINED_PART)) {
    const text = JSON.stringify(explain(explained, drift, from, to)).slice(1, -1);
    yield from > 0 ? `,${text}` : text;
  }
  yield ']';
}

/** Which optional parts of the reply the query asks for. */
type Requested = Readonly<Required<Omit<Static<typeof PredictQuery>, 'interval'>> & { interval?: number | undefined }>;
const NOTHING_MORE: Requested = { explain: false, ids: false };

function readQuery(query: PredictionInput<unknown>['query']): Requested {
  for (const key in query) {
    const value = query[key];
    if (key === 'interval') continue;
    if (key !== 'explain' && key !== 'ids') {
      throw new HttpError('INVALID_QUERY', `query: unknown key ${show(key)}; expected explain, ids or interval`);
    }
    if (value !== 'true' && value !== 'false') {
      throw new HttpError('INVALID_QUERY', `${key}: expected true or false, got ${show(value)}`);
    }
  }
  return {
    explain: query['explain'] === 'true',
    ids: query['ids'] === 'true',
    interval: levelOf(query['interval']),
  };
}

function levelOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const level = readLevel(value);
  if (level === undefined) throw new HttpError('INVALID_QUERY', `interval: expected ${LEVELS}, got ${show(value)}`);
  return level;
}

/** Returns the type of a body whose `content-type` Fastify has accepted. */
function sourceType(header = JSON_TYPE): SourceType {
  if (header === JSON_TYPE) return JSON_TYPE;
  const type = header.split(';', 1)[0]!.trim().toLowerCase();
  return Object.hasOwn(SOURCES, type) ? (type as SourceType) : JSON_TYPE;
}
