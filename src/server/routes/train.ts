import { on } from 'node:events';
import { Readable, Transform } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { EpochSchema, MetricsSchema } from '../../model/card.js';
import { csvToTable } from '../../model/csv.js';
import { DomainError, type ErrorCode } from '../../model/domain-error.js';
import { type JsonRows, jsonToTable } from '../../model/json-table.js';
import { listed } from '../../model/rows.js';
import type { Columns } from '../../model/table.js';
import { DEFAULT_TRAINING, type TrainingOptions } from '../../model/training.js';
import { ErrorReply } from '../errors.js';
import { eventStream, serverSentEvent } from '../events.js';
import type { Job, TrainingJobs } from '../jobs.js';
import type { PredictionService } from '../service.js';

const Options = {
  epochs: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: DEFAULT_TRAINING.epochs })),
  batch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: DEFAULT_TRAINING.batch_size })),
  learning_rate: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, maximum: 10, default: DEFAULT_TRAINING.learning_rate }),
  ),
  validation_split: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: DEFAULT_TRAINING.validation_split }),
  ),
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295, default: DEFAULT_TRAINING.seed })),
  patience: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: DEFAULT_TRAINING.patience })),
};
const OptionsSchema = Type.Object(Options);
type Options = Static<typeof OptionsSchema>;

const TrainQuery = Type.Object(
  {
    ...Options,
    target: Type.Optional(
      Type.String({ minLength: 1, description: 'target column of a CSV body; commas separate several' }),
    ),
    wait: Type.Optional(Type.Boolean({ default: false, description: 'answer when the training has ended' })),
    replace: Type.Optional(Type.Boolean({ default: false, description: 'allow other features than the serving ones' })),
  },
  { additionalProperties: false },
);

const Target = Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })]);
const TrainBody = Type.Object(
  {
    ...Options,
    instances: Type.Array(Type.Unknown(), {
      minItems: 1,
      description: 'rows: arrays of numbers with `targets`, or objects with `target`; null is a missing value',
    }),
    targets: Type.Optional(
      Type.Array(Type.Unknown(), { description: 'per row a number, or an array of them if there are several targets' }),
    ),
    target: Type.Optional(Target),
  },
  { $id: 'TrainBody', additionalProperties: false },
);
type TrainBody = Static<typeof TrainBody>;

const JobReply = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum(['running', 'succeeded', 'failed', 'cancelled']),
    created_at: Type.String(),
    finished_at: Type.Union([Type.String(), Type.Null()]),
    seconds: Type.Number(),
    seconds_left: Type.Union([Type.Number(), Type.Null()], { description: 'if no early stop comes' }),
    options: Type.Required(OptionsSchema),
    rows: Type.Integer({ description: 'complete rows' }),
    dropped: Type.Integer({ description: 'rows left out for a missing or non-finite value' }),
    epoch: Type.Integer(),
    history: Type.Array(EpochSchema),
    metrics: Type.Union([MetricsSchema, Type.Null()]),
    model_version: Type.Union([Type.String(), Type.Null()]),
    error: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()]),
  },
  { $id: 'Job' },
);
const JobParams = Type.Object({ id: Type.String() });

export interface TrainOptions {
  readonly service: PredictionService;
  readonly jobs: TrainingJobs;
  readonly bodyLimit: number;
}

export async function trainRoutes(app: FastifyInstance, { service, jobs, bodyLimit }: TrainOptions): Promise<void> {
  // A CSV is read as it arrives; only here is it a body at all.
  app.addContentTypeParser('text/csv', (_request, payload, done) => done(null, limited(payload, bodyLimit)));

  app.post<{ Body: TrainBody | Readable; Querystring: Static<typeof TrainQuery> }>(
    '/train',
    {
      schema: {
        summary: 'Train a new version in the background; it serves when it is done',
        tags: ['training'],
        querystring: TrainQuery,
        body: {
          content: {
            'application/json': { schema: TrainBody },
            'text/csv': { schema: Type.Unsafe<Readable>({ description: 'RFC 4180, with a header row' }) },
          },
        },
        response: { 200: JobReply, 202: JobReply, '4xx': ErrorReply, 500: ErrorReply, 503: ErrorReply },
      },
    },
    async ({ body, query }, reply) => {
      const job = body instanceof Readable ? await startFromCsv(body, query) : await startFromJson(body, query);
      reply.header('location', `/train/${job.id}`);
      if (!query.wait) return reply.code(202).send(job);
      const { error } = await jobs.finished(job.id);
      if (error) throw new DomainError(error.code as ErrorCode, error.message);
      return job;
    },
  );

  async function startFromCsv(body: Readable, query: Static<typeof TrainQuery>): Promise<Job> {
    try {
      const targets = query.target?.split(',');
      if (!targets) throw new DomainError('UNKNOWN_COLUMN', 'a CSV body needs ?target=<column>');
      return await jobs.start(
        (directory) => csvToTable(body, directory, targets, (found) => arrange(found, query.replace)),
        trainingOptions(query),
      );
    } finally {
      body.destroy();
    }
  }

  function startFromJson(body: TrainBody, query: Static<typeof TrainQuery>): Promise<Job> {
    const serving = service.servingIfReady?.card;
    const rows = jsonRows(body);
    return jobs.start(
      (directory) => jsonToTable(rows, directory, serving, (found) => arrange(found, query.replace)),
      trainingOptions({ ...query, ...body }),
    );
  }

  /** Gives the columns the order of the serving model; refuses others, unless the model is to be replaced. */
  function arrange(found: Columns, replace = false): Columns {
    const card = service.servingIfReady?.card;
    if (!card) return found;
    if (sameNames(found.features, card.features) && sameNames(found.targets, card.targets)) return card;
    if (replace) return found;
    throw new DomainError(
      'FEATURES_CHANGED',
      `the serving model predicts ${listed(card.targets)} from ${listed(card.features)}, these rows give ` +
        `${listed(found.targets)} from ${listed(found.features)}; ?replace=true replaces the model`,
    );
  }

  app.get<{ Params: Static<typeof JobParams> }>(
    '/train/:id',
    {
      schema: {
        summary: 'A training: state, epochs, metrics',
        tags: ['training'],
        params: JobParams,
        response: { 200: JobReply, 404: ErrorReply },
      },
    },
    async ({ params }) => jobs.get(params.id),
  );

  app.delete<{ Params: Static<typeof JobParams> }>(
    '/train/:id',
    {
      schema: {
        summary: 'Cancel a training; one that has ended stays as it is',
        tags: ['training'],
        params: JobParams,
        response: { 200: JobReply, 404: ErrorReply },
      },
    },
    async ({ params }) => jobs.cancel(params.id),
  );

  app.get<{ Params: Static<typeof JobParams> }>(
    '/train/:id/events',
    {
      schema: {
        summary: 'Server-sent events: `epoch` for each epoch, those passed too, and `end` with the job',
        tags: ['training'],
        params: JobParams,
        response: { 200: { content: { 'text/event-stream': { schema: Type.String() } } }, 404: ErrorReply },
      },
    },
    async ({ params }, reply) => eventStream(reply, follow(jobs, jobs.get(params.id))),
  );
}

async function* follow(jobs: TrainingJobs, job: Job): AsyncGenerator<string> {
  const stop = new AbortController();
  const changes = on(jobs, 'epoch', { close: ['end'], signal: stop.signal });
  let told = 0;
  const news = () => {
    const epochs = job.history.slice(told);
    told = job.history.length;
    return epochs.map((epoch) => serverSentEvent('epoch', epoch));
  };
  try {
    yield* news();
    if (job.state === 'running') {
      for await (const _ of changes) yield* news();
      yield* news();
    }
    yield serverSentEvent('end', job);
  } finally {
    stop.abort();
  }
}

function trainingOptions(given: Options): TrainingOptions {
  const options = Object.fromEntries(
    Object.entries(DEFAULT_TRAINING).map(([name, value]) => [name, given[name as keyof Options] ?? value]),
  );
  return options as unknown as TrainingOptions;
}

function jsonRows({ instances, targets, target }: TrainBody): JsonRows {
  if ((targets === undefined) === (target === undefined)) {
    throw new DomainError('INVALID_ROWS', 'body: expected either "targets" (one per row) or "target" (a column name)');
  }
  return targets ? { instances, targets } : { instances, target: [target!].flat() };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

/** Passes bytes on until they are more than `limit`; Fastify bounds only the bodies that it collects itself. */
function limited(payload: NodeJS.ReadableStream, limit: number): Readable {
  let seen = 0;
  const guard = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen <= limit) done(null, chunk);
      else done(new DomainError('TOO_LARGE', `body: expected at most ${limit} bytes`));
    },
  });
  // Whoever reads the guard is told of its error; until somebody does, it must not be an uncaught one.
  guard.on('error', () => {});
  // What nobody reads any more is let through: a client that must send all before it reads is told its error.
  guard.on('close', () => payload.resume());
  payload.on('error', (cause) => guard.destroy(new DomainError('INVALID_CSV', 'the body broke off', { cause })));
  return payload.pipe(guard);
}
