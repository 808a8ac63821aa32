import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { DomainError, show } from '../../model/domain-error.js';
import { RowParser } from '../../model/row-parser.js';
import { readRows } from '../../model/rows.js';
import type { DriftWatch } from '../drift-watch.js';
import { ErrorReply } from '../errors.js';
import { Explanation, explain } from '../explanation.js';
import { readInstances } from '../instances.js';
import { readJson } from '../json-body.js';
import { LargePredictions } from '../large-predictions.js';
import { predictReply } from '../predict-reply.js';
import type { PredictionService } from '../service.js';

/** A body of more bytes than this is answered in parts, between which others have their turn. */
const LARGE = 128 * 1024;

/** Documents the body. The route reads it itself, in one pass, with messages that name the place. */
export const PredictBody = Type.Object(
  {
    instances: Type.Array(
      Type.Union([
        Type.Array(Type.Number(), { description: 'one number per feature, in feature order' }),
        Type.Record(Type.String(), Type.Number(), { description: 'one number per feature, by name' }),
      ]),
      { minItems: 1, description: 'rows, in raw units' },
    ),
  },
  { $id: 'PredictBody', additionalProperties: false },
);

const PredictQuery = Type.Object({
  explain: Type.Optional(
    Type.Boolean({ default: false, description: 'add to each row how unusual it is, and which features make it so' }),
  ),
});

export const PredictReply = Type.Object(
  {
    predictions: Type.Array(Type.Array(Type.Number()), { description: '[rows, targets], in target units' }),
    reconstruction_error: Type.Array(Type.Number(), {
      description: '[rows]: mean squared residual over the features, in standardised units',
    }),
    model_version: Type.String(),
    explanations: Type.Optional(Type.Array(Explanation, { description: '[rows], if asked for' })),
  },
  { $id: 'PredictReply' },
);
export type PredictReply = Static<typeof PredictReply>;

export interface PredictOptions {
  readonly service: PredictionService;
  readonly drift: DriftWatch;
  readonly maxRows: number;
  /** Whether a null is a missing value, to be imputed by the mean. */
  readonly allowMissing: boolean;
}

export async function predictRoute(app: FastifyInstance, options: PredictOptions): Promise<void> {
  const { service, drift, maxRows, allowMissing } = options;
  // Only here the body comes as bytes: the ordinary ones are read without making objects of them.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const parser = new RowParser();
  const large = new LargePredictions(options);
  app.addHook('onClose', () => large.close());

  app.post<{ Body: Buffer | undefined; Querystring: Record<string, unknown> }>(
    '/predict',
    {
      schema: {
        summary: 'Predict rows in one forward pass',
        tags: ['model'],
        querystring: PredictQuery,
        body: PredictBody,
        response: { 200: PredictReply, 400: ErrorReply, 413: ErrorReply, 415: ErrorReply, 503: ErrorReply },
      },
      // A schema validator would walk the rows once more, and could not say `instances[3][5]`; a query is rare.
      validatorCompiler: () => () => true,
    },
    // Not async: one row is computed in the time that a promise takes.
    ({ body, query }, reply) => {
      const explained = readQuery(query);
      reply.type('application/json; charset=utf-8');
      if (body && body.length > LARGE) {
        const answered = large.answer(body, explained);
        answered.then(
          (text) => reply.send(text),
          (error) => reply.send(error),
        );
        return;
      }
      const { features } = service.serving.card;
      let count = body ? parser.parse(body, features.length) : 0;
      let rows: Float32Array = parser.rows;
      if (count === 0 || count > maxRows) {
        const instances = readInstances(body && readJson(body.toString()), maxRows);
        rows = readRows(instances, features, allowMissing);
        count = instances.length;
      }
      const observation = service.predict(rows, count);
      const text = predictReply(observation);
      reply.send(
        explained ? `${text.slice(0, -1)},"explanations":${JSON.stringify(explain(observation, drift))}}` : text,
      );
    },
  );
}

/** Whether `?explain=true` is asked for. */
function readQuery(query: Record<string, unknown>): boolean {
  for (const [key, value] of Object.entries(query)) {
    if (key !== 'explain') throw new DomainError('INVALID_QUERY', `query: unknown key ${show(key)}; expected explain`);
    if (value !== 'true' && value !== 'false') {
      throw new DomainError('INVALID_QUERY', `explain: expected true or false, got ${show(value)}`);
    }
  }
  return query['explain'] === 'true';
}
