import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import { type ColumnOrder, type Columns, columnsOf, orderColumns } from '../../../model/tables/columns.js';
import { jsonToTable } from '../../../model/tables/json/json-table.js';
import type { TableFormat } from '../../../model/tables/reader/reader-messages.js';
import { fileToTable } from '../../../model/tables/reader/table-reader.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import { TrainingFields, trainingOptions } from '../../../model/training/training-options.js';
import { limited } from '../../bodies/limited-body.js';
import { HttpError } from '../../http/http-error.js';
import { ARROW_TYPE, CSV_TYPE, JSON_TYPE, PARQUET_TYPE } from '../../http/media-types.js';
import { errors, operation } from '../../http/operation.js';
import { publicPath } from '../../http/public-path.js';
import type { BodyReader } from '../../inference/body-reader.js';
import { LargeBodies } from '../../inference/large-bodies.js';
import { LabelledFields, labelledRows } from '../../readers/labelled-request.js';
import type { FeedbackService } from '../../service/feedback/feedback-service.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import { Job } from '../../service/training/job.js';
import type { PromotionTerms } from '../../service/training/promotion.js';
import type { TrainingJobs } from '../../service/training/training-jobs.js';
import { ArrivingTables } from './arriving-tables.js';
import { PromotionFields, type RequestedPromotion } from './promotion-fields.js';

const TrainQuery = Type.Object(
  {
    ...TrainingFields,
    ...PromotionFields,
    target: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'target column of a body that is not JSON, or several, separated by commas',
      }),
    ),
    wait: Type.Optional(Type.Boolean({ default: false, description: 'reply when the training has ended' })),
    replace: Type.Optional(
      Type.Boolean({ default: false, description: 'accept other features than those of the serving model' }),
    ),
  },
  { additionalProperties: false },
);

const TrainBody = Type.Object(
  {
    ...TrainingFields,
    ...PromotionFields,
    ...LabelledFields,
    source: Type.Optional(
      Type.Enum(['feedback'], { description: 'instead of rows: train on those sent to POST /feedback' }),
    ),
    mix_reference: Type.Optional(
      Type.Boolean({ description: 'with `source`: train on the rows of TRAIN_DATA as well' }),
    ),
  },
  { $id: 'TrainBody', additionalProperties: false },
);
type TrainBody = Static<typeof TrainBody>;

const tableContent = (description: string) => ({ schema: Type.Unsafe<Readable>({ description }) });
const FileContent = tableContent('columns of integers or floats; rows with a null or NaN are left out');

/** A body that is a table file. */
type TableBody = Readable & { readonly format: TableFormat };

const TABLES = [
  { type: CSV_TYPE, format: 'csv', broken: 'INVALID_CSV' },
  { type: ARROW_TYPE, format: 'arrow', broken: 'INVALID_ARROW' },
  { type: PARQUET_TYPE, format: 'parquet', broken: 'INVALID_PARQUET' },
] as const;

export interface TrainOptions {
  readonly service: PredictionService;
  readonly jobs: TrainingJobs;
  readonly feedback: FeedbackService;
  readonly reader: BodyReader;
  /** Maximum body that is not JSON, in bytes. */
  readonly trainBodyLimit: number;
  /** Maximum rows of a table. */
  readonly trainMaxRows: number;
}

export async function trainRoute(app: FastifyInstance, options: TrainOptions): Promise<void> {
  const { service, jobs, feedback, reader, trainBodyLimit, trainMaxRows } = options;
  const large = new LargeBodies(reader);
  const arriving = new ArrivingTables();
  large.addParser(app);
  // Only this route accepts tables. They are read as they arrive, or from the disk.
  for (const { type, format, broken } of TABLES) {
    app.addContentTypeParser(type, (_request, payload, done) =>
      done(null, Object.assign(limited(payload, trainBodyLimit, broken), { format })),
    );
  }

  app.post<{ Body: TrainBody | TableBody; Querystring: Static<typeof TrainQuery> }>(
    '/train',
    operation(
      'training',
      'Train a new version in the background; it serves when it is done, unless it is worse than the serving version',
      {
        config: { streamLimit: trainBodyLimit },
        querystring: TrainQuery,
        body: {
          content: {
            [JSON_TYPE]: { schema: TrainBody },
            [CSV_TYPE]: tableContent('RFC 4180, with a header row'),
            [ARROW_TYPE]: FileContent,
            [PARQUET_TYPE]: FileContent,
          },
        },
        response: { 200: Job, 202: Job, ...errors('4xx', 500, 503, 507) },
      },
    ),
    async (request, reply) => {
      const { body, query } = request;
      const job =
        body instanceof Readable ? await startFromTable(body, query, reply) : await startFromJson(body, query);
      reply.header('location', publicPath(request, `/train/${job.id}`));
      if (!query.wait) return reply.code(202).send(job);
      const { error } = await jobs.finished(job.id);
      if (error) throw new DomainError(error.code, error.message);
      return job;
    },
  );

  async function startFromTable(
    body: TableBody,
    query: Static<typeof TrainQuery>,
    { raw, request }: FastifyReply,
  ): Promise<Job> {
    const { format } = body;
    // Nothing is worth reading for a client that has gone.
    const gone = new AbortController();
    raw.once('close', () => gone.abort());
    let release: (() => void) | undefined;
    try {
      release = arriving.take(request.raw, body);
      const targets = query.target?.split(',');
      if (!targets) {
        const kind = format === 'csv' ? 'CSV' : format === 'arrow' ? 'Arrow' : 'Parquet';
        throw new DomainError('UNKNOWN_COLUMN', `a ${kind} body needs ?target=<column>`);
      }
      const options = trainingOptions(query);
      const { replace = false } = query;
      const terms = promotionTerms(query, replace);
      // One byte of a file can hold a number, which takes four in the table.
      const limits = { rows: trainMaxRows, bytes: Float32Array.BYTES_PER_ELEMENT * trainBodyLimit };
      const write = (directory: string, arrived: () => void) => {
        const onArrived = () => {
          release?.();
          arrived();
        };
        const request = { format, directory, targets, model: model() ?? null, replace, limits };
        return fileToTable(body, request, { onArrived, signal: gone.signal });
      };
      return await start(adviseReplace(write), options, terms, true);
    } finally {
      release?.();
      body.destroy();
    }
  }

  function startFromJson(body: TrainBody, query: Static<typeof TrainQuery>): Promise<Job> {
    const fields = { ...query, ...body };
    const options = trainingOptions(fields);
    const terms = promotionTerms(fields, query.replace);
    if (body.source) {
      refuseRows(body);
      return start((directory) => feedback.table(directory, body.mix_reference === true), options, terms);
    }
    if (body.mix_reference !== undefined) {
      throw new DomainError('INVALID_ROWS', 'mix_reference: expected only together with "source": "feedback"');
    }
    const rows = labelledRows(body, '"source": "feedback"');
    const { replace = false } = query;
    const write = large.has(body)
      ? (directory: string) => large.write(body, directory, model(), replace)
      : (directory: string) => jsonToTable(rows, directory, model(), order(replace));
    return start(adviseReplace(write), options, terms);
  }

  /** The columns of the serving model; undefined if none serves. */
  function model(): Columns | undefined {
    const card = service.servingIfReady?.card;
    return card && columnsOf(card);
  }

  /** Orders columns like those of the model that serves when the header arrives. */
  function order(replace: boolean): ColumnOrder {
    return (columns) => orderColumns(columns, service.servingIfReady?.card, replace);
  }

  async function start(...training: Parameters<TrainingJobs['start']>): Promise<Job> {
    try {
      return await jobs.start(...training);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'SHADOW_UNAVAILABLE') throw error;
      throw new HttpError('INVALID_QUERY', error.message, { cause: error });
    }
  }
}

/** Adds to the error for other columns than the serving model's how a client can train on them nevertheless. */
function adviseReplace(write: Parameters<TrainingJobs['start']>[0]) {
  return async (directory: string, arrived: () => void): Promise<TableInfo> => {
    try {
      return await write(directory, arrived);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'FEATURES_CHANGED') throw error;
      const message = `${error.message}; ?replace=true replaces the model`;
      throw new DomainError(error.code, message, { cause: error });
    }
  };
}

function promotionTerms({ promote = 'gate', shadow_rows = 0 }: RequestedPromotion, replace = false): PromotionTerms {
  return { promote, replace, shadowRows: shadow_rows };
}

function refuseRows({ instances, targets, target }: TrainBody): void {
  const [name] = Object.entries({ instances, targets, target }).find(([, value]) => value !== undefined) ?? [];
  if (name) throw new DomainError('INVALID_ROWS', `${name}: expected no rows together with "source": "feedback"`);
}
