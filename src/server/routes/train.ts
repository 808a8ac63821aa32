import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { arrangeLike, sameColumns } from '../../model/arrange.js';
import { csvToTable } from '../../model/csv.js';
import { DomainError } from '../../model/domain-error.js';
import { jsonToTable } from '../../model/json-table.js';
import type { Columns } from '../../model/table.js';
import { DEFAULT_TRAINING, type TrainingOptions } from '../../model/training.js';
import { ErrorReply } from '../errors.js';
import type { Feedback } from '../feedback.js';
import type { Job, TrainingJobs } from '../jobs.js';
import { LabelledFields, labelledRows } from '../labelled-body.js';
import { limited } from '../limited-body.js';
import type { PredictionService } from '../service.js';
import { type GivenOptions, JobReply, TrainingFields } from '../training-schemas.js';

const TrainQuery = Type.Object(
  {
    ...TrainingFields,
    target: Type.Optional(
      Type.String({ minLength: 1, description: 'target column of a CSV body; commas separate several' }),
    ),
    wait: Type.Optional(Type.Boolean({ default: false, description: 'answer when the training has ended' })),
    replace: Type.Optional(Type.Boolean({ default: false, description: 'allow other features than the serving ones' })),
  },
  { additionalProperties: false },
);

const TrainBody = Type.Object(
  {
    ...TrainingFields,
    ...LabelledFields,
    source: Type.Optional(Type.Enum(['feedback'], { description: 'instead of rows: those of POST /feedback' })),
    mix_reference: Type.Optional(
      Type.Boolean({ description: 'with `source`: train on the rows of TRAIN_DATA as well' }),
    ),
  },
  { $id: 'TrainBody', additionalProperties: false },
);
type TrainBody = Static<typeof TrainBody>;

export interface TrainOptions {
  readonly service: PredictionService;
  readonly jobs: TrainingJobs;
  readonly feedback: Feedback;
  readonly bodyLimit: number;
}

export async function trainRoute(app: FastifyInstance, options: TrainOptions): Promise<void> {
  const { service, jobs, feedback, bodyLimit } = options;
  // A CSV is read as it arrives; only here is it a body at all.
  app.addContentTypeParser('text/csv', (_request, payload, done) =>
    done(null, limited(payload, bodyLimit, 'INVALID_CSV')),
  );

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
        response: {
          200: JobReply,
          202: JobReply,
          '4xx': ErrorReply,
          500: ErrorReply,
          503: ErrorReply,
          507: ErrorReply,
        },
      },
    },
    async ({ body, query }, reply) => {
      const job = body instanceof Readable ? await startFromCsv(body, query) : await startFromJson(body, query);
      reply.header('location', `/train/${job.id}`);
      if (!query.wait) return reply.code(202).send(job);
      const { error } = await jobs.finished(job.id);
      if (error) throw new DomainError(error.code, error.message);
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
    const options = trainingOptions({ ...query, ...body });
    if (body.source) {
      refuseRows(body);
      return jobs.start((directory) => feedback.table(directory, body.mix_reference === true), options);
    }
    if (body.mix_reference !== undefined) {
      throw new DomainError('INVALID_ROWS', 'mix_reference: expected only beside "source": "feedback"');
    }
    const serving = service.servingIfReady?.card;
    const rows = labelledRows(body, '"source": "feedback"');
    return jobs.start(
      (directory) => jsonToTable(rows, directory, serving, (found) => arrange(found, query.replace)),
      options,
    );
  }

  /** Gives the columns the order of the serving model; refuses others, unless the model is to be replaced. */
  function arrange(found: Columns, replace = false): Columns {
    const card = service.servingIfReady?.card;
    if (!card || (replace && !sameColumns(found, card))) return found;
    return arrangeLike(card, found, '?replace=true replaces the model');
  }
}

function trainingOptions(given: GivenOptions): TrainingOptions {
  const options = Object.fromEntries(
    Object.entries(DEFAULT_TRAINING).map(([name, value]) => [name, given[name as keyof GivenOptions] ?? value]),
  );
  return options as unknown as TrainingOptions;
}

function refuseRows({ instances, targets, target }: TrainBody): void {
  const [name] = Object.entries({ instances, targets, target }).find(([, value]) => value !== undefined) ?? [];
  if (name) throw new DomainError('INVALID_ROWS', `${name}: expected no rows beside "source": "feedback"`);
}
