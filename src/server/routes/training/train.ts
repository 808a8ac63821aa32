import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import { isObject } from '../../../base/json/parse-json.js';
import { columnsOf, orderColumns } from '../../../model/tables/columns.js';
import type { TableFormat } from '../../../model/tables/reader/reader-messages.js';
import { fileToTable } from '../../../model/tables/reader/table-reader.js';
import type { ServingColumns, TableChoices } from '../../../model/tables/table-choices.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import { trainingOptions } from '../../../model/training/training-options.js';
import { type Principal, requireScope } from '../../access/principal.js';
import { limited } from '../../bodies/limited-body.js';
import { charsetOf } from '../../http/charset.js';
import { HttpError } from '../../http/http-error.js';
import { ARROW_FILE_TYPE, ARROW_TYPE, CSV_TYPE, JSON_TYPE, PARQUET_TYPE } from '../../http/media-types.js';
import { errors, operation } from '../../http/operation.js';
import { publicPath } from '../../http/public-path.js';
import type { BodyReader } from '../../inference/body-reader.js';
import { writeJsonTable } from '../../inference/json-training-table.js';
import { LargeBodies } from '../../inference/large-bodies.js';
import { labelledRows } from '../../readers/labelled-request.js';
import { namesIn, tableChoices } from '../../readers/table-choices.js';
import type { FeedbackService } from '../../service/feedback/feedback-service.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import { Job } from '../../service/training/job.js';
import type { PromotionTerms } from '../../service/training/promotion.js';
import type { TrainingJobs } from '../../service/training/training-jobs.js';
import { ArrivingTables } from './arriving-tables.js';
import type { RequestedPromotion } from './promotion-fields.js';
import { TableReport, tableReport } from './table-report.js';
import { TrainBody, TrainQuery } from './train-schema.js';

const tableContent = (description: string, content: 'binary' | 'text' = 'binary') => ({
  schema: Type.Unsafe<Readable>({ 'x-content': content, description }),
});
const FileContent = tableContent(
  'columns of numbers, texts, booleans, dates and times; null and NaN are missing values',
);

/** A body that is a table file. */
type TableBody = Readable & { readonly format: TableFormat };

const TABLES = [
  { type: CSV_TYPE, format: 'csv', broken: 'INVALID_CSV' },
  { type: ARROW_TYPE, format: 'arrow', broken: 'INVALID_ARROW' },
  { type: ARROW_FILE_TYPE, format: 'arrow', broken: 'INVALID_ARROW' },
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
    app.addContentTypeParser(type, (request, payload, done) => {
      done(null, Object.assign(limited(payload, trainBodyLimit, broken, request.countScratch), { format }));
    });
  }

  app.post<{ Body: TrainBody | TableBody | undefined; Querystring: TrainQuery }>(
    '/train',
    operation(
      'training',
      'Train a new version in the background; it serves when it is done, unless it is worse than the serving version',
      {
        operationId: 'train',
        config: {
          scope: 'train',
          streamLimit: trainBodyLimit,
          holds: 'trainings',
          audit: { action: 'train', changes: ({ query, body }) => !isDryRun(query, body) },
        },
        querystring: TrainQuery,
        body: {
          content: {
            [JSON_TYPE]: { schema: TrainBody },
            [CSV_TYPE]: tableContent(
              'a header row, then rows of texts, numbers, dates and gaps, in any dialect and `charset`',
              'text',
            ),
            [ARROW_TYPE]: FileContent,
            [ARROW_FILE_TYPE]: FileContent,
            [PARQUET_TYPE]: FileContent,
          },
        },
        response: { 200: Type.Union([Job, TableReport]), 202: Job, ...errors(400, 409, 500, 503, 507) },
      },
    ),
    async (request, reply) => {
      const { body, query, principal } = request;
      // Fastify validates no body that has neither a type nor a length.
      if (body === undefined) throw new DomainError('INVALID_ROWS', 'body: expected rows or a table, got nothing');
      const started =
        body instanceof Readable
          ? await startFromTable(body, query, reply)
          : await startFromJson(body, query, principal);
      // With a serializer of its own, a reply gets no type from Fastify.
      if ('columns' in started)
        return reply.type(`${JSON_TYPE}; charset=utf-8`).serializer(JSON.stringify).send(started);
      request.followTraining(started.id);
      reply.header('location', publicPath(request, `/train/${started.id}`));
      if (!query.wait) return reply.code(202).send(started);
      const { error } = await jobs.finished(started.id);
      if (error) throw new DomainError(error.code, error.message);
      return started;
    },
  );

  async function startFromTable(
    body: TableBody,
    query: TrainQuery,
    { raw, request }: FastifyReply,
  ): Promise<Job | TableReport> {
    const { format } = body;
    // Nothing is worth reading for a client that has gone.
    const gone = new AbortController();
    raw.once('close', () => gone.abort());
    let release: (() => void) | undefined;
    try {
      release = arriving.take(request.raw, body);
      const { replace = false, dry_run: isReport = false } = query;
      const targets = query.target === undefined ? [] : namesIn(query.target, 'target');
      if (targets.length === 0 && !isReport) {
        const kind = format === 'csv' ? 'CSV' : format === 'arrow' ? 'Arrow' : 'Parquet';
        throw new DomainError('UNKNOWN_COLUMN', `a ${kind} body needs ?target=<column>`);
      }
      if (format !== 'csv') refuseDialect(query);
      const charset = format === 'csv' ? charsetOf(request.headers['content-type']) : undefined;
      const choices = { ...tableChoices(query), ...(charset !== undefined && { charset }) };
      // One byte of a file can hold a number, which takes four in the table.
      const limits = { rows: trainMaxRows, bytes: Float32Array.BYTES_PER_ELEMENT * trainBodyLimit };
      const write = (directory: string, arrived: () => void) => {
        const onArrived = () => {
          release?.();
          arrived();
        };
        const request = { format, directory, targets, model: model() ?? null, replace, limits, choices, isReport };
        return fileToTable(body, request, { onArrived, signal: gone.signal });
      };
      if (isReport) return await report(write, replace);
      return await start(
        adviseReplace(write),
        trainingOptions(query),
        promotionTerms(request.principal, query, replace),
        true,
      );
    } finally {
      release?.();
      body.destroy();
    }
  }

  async function startFromJson(body: TrainBody, query: TrainQuery, principal: Principal): Promise<Job | TableReport> {
    refuseDialect(query);
    const fields = { ...query, ...body };
    const { replace = false } = fields;
    const isReport = isDryRun(query, body);
    const write = writerOf(body, tableChoices(fields), replace, isReport);
    if (!isReport)
      return start(adviseReplace(write), trainingOptions(fields), promotionTerms(principal, fields, replace));
    return report((directory, arrived) => {
      arrived();
      return write(directory, arrived);
    }, replace);
  }

  /** Returns what writes the rows of a body, or those of the feedback, to a table. */
  function writerOf(
    body: TrainBody,
    choices: TableChoices,
    replace: boolean,
    isReport: boolean,
  ): Parameters<TrainingJobs['start']>[0] {
    if (body.source) {
      refuseRows(body);
      const [choice] = Object.keys(choices);
      if (choice) throw new DomainError('INVALID_REQUEST', `${choice}: expected without "source": "feedback"`);
      return (directory) => feedback.table(directory, body.mix_reference === true);
    }
    if (body.mix_reference !== undefined) {
      throw new DomainError('INVALID_ROWS', 'mix_reference: expected only together with "source": "feedback"');
    }
    const rows = labelledRows(body, '"source": "feedback"');
    return (directory) => {
      const terms = { model: model(), replace, choices, isReport };
      return large.has(body) ? large.write(body, directory, terms) : writeJsonTable(rows, directory, terms);
    };
  }

  /** Reads a table and keeps nothing of it. */
  async function report(write: Parameters<TrainingJobs['read']>[0], replace: boolean): Promise<TableReport> {
    const table = await jobs.read(write);
    const found = tableReport(table);
    // Without a target there is nothing yet to compare.
    if (table.targets.length === 0) return found;
    try {
      orderColumns(table, model(), replace);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      found.problems.push(`${error.message}; ${REPLACE_ADVICE}`);
    }
    return found;
  }

  /** The columns of the serving model; undefined if none serves. */
  function model(): ServingColumns | undefined {
    const card = service.servingIfReady?.card;
    return card && { ...columnsOf(card), columns: card.columns };
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

/** Returns true for a request that trains nothing. As for every other field, a JSON body overrides the query. */
function isDryRun(query: unknown, body: unknown): boolean {
  const fields = [body, query].filter(isObject).find((each) => each['dry_run'] !== undefined);
  return fields?.['dry_run'] === true;
}

const REPLACE_ADVICE = '?replace=true replaces the model';

/** Adds to the error for other columns than the serving model's how a client can train on them nevertheless. */
function adviseReplace(write: Parameters<TrainingJobs['start']>[0]) {
  return async (directory: string, arrived: () => void): Promise<TableInfo> => {
    try {
      return await write(directory, arrived);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'FEATURES_CHANGED') throw error;
      const message = `${error.message}; ${REPLACE_ADVICE}`;
      throw new DomainError(error.code, message, { cause: error });
    }
  };
}

/** Throws `FORBIDDEN` if the client may train a version, but not have it serve against the gate. */
function promotionTerms(
  principal: Principal,
  { promote = 'gate', shadow_rows = 0 }: RequestedPromotion,
  replace: boolean,
): PromotionTerms {
  if (promote === 'always') requireScope(principal, 'activate', 'promote=always');
  if (replace) requireScope(principal, 'activate', 'replace=true');
  return { promote, replace, shadowRows: shadow_rows };
}

/** Throws `INVALID_QUERY` for the dialect of a CSV beside another body. */
function refuseDialect({ delimiter, decimal }: TrainQuery): void {
  const [name] = Object.entries({ delimiter, decimal }).find(([, value]) => value !== undefined) ?? [];
  if (name) throw new HttpError('INVALID_QUERY', `${name}: expected only with a CSV, whose cells are text`);
}

function refuseRows({ instances, targets, target }: TrainBody): void {
  const [name] = Object.entries({ instances, targets, target }).find(([, value]) => value !== undefined) ?? [];
  if (name) throw new DomainError('INVALID_ROWS', `${name}: expected no rows together with "source": "feedback"`);
}
