import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { show } from '../../base/domain-error.js';
import { readJson } from '../../base/json/parse-json.js';
import { RowParser } from '../../base/json/row-parser.js';
import { readRows } from '../../model/tables/json/json-rows.js';
import { ErrorReply } from '../http/errors.js';
import { HttpError } from '../http/http-error.js';
import { LARGE_BODY } from '../http/large-body.js';
import { ARROW_TYPE, CSV_TYPE, JSON_TYPE, type RowType, replyType } from '../http/media-types.js';
import type { BodyReader } from '../inference/body-reader.js';
import { predictReply } from '../inference/json-reply.js';
import { type Asked, LargePredictions } from '../inference/large-predictions.js';
import { readInstances } from '../readers/predict-request.js';
import type { DriftService } from '../service/drift/drift-service.js';
import { Explanation, explain } from '../service/drift/explanation.js';
import type { FeedbackService } from '../service/feedback/feedback-service.js';
import type { PredictionService } from '../service/prediction/prediction-service.js';

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
  ids: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'keep the rows, and give an id by which POST /feedback takes their targets',
    }),
  ),
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
    prediction_id: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'if asked for; null if the rows could not be kept' }),
    ),
  },
  { $id: 'PredictReply' },
);
export type PredictReply = Static<typeof PredictReply>;

const BodyContent = {
  [JSON_TYPE]: { schema: PredictBody },
  [CSV_TYPE]: { schema: Type.String({ description: 'RFC 4180; a header row of the features, in any order' }) },
  [ARROW_TYPE]: {
    schema: Type.Unsafe<Buffer>({
      description: 'a column of integers or floats per feature, by name, in any order; null and NaN are missing values',
    }),
  },
};
const ReplyContent = {
  [JSON_TYPE]: { schema: PredictReply },
  [CSV_TYPE]: {
    schema: Type.String({ description: 'a column per target, and `reconstruction_error`; `x-model-version`' }),
  },
  [ARROW_TYPE]: {
    schema: Type.Unsafe<Buffer>({
      description:
        'a column of float32 per target, and `reconstruction_error`; `model_version` in the metadata of the schema',
    }),
  },
};

/** A body that is not JSON. */
class TypedBody {
  readonly type: RowType;
  readonly bytes: Buffer;

  constructor(type: RowType, bytes: Buffer) {
    this.type = type;
    this.bytes = bytes;
  }
}

export interface PredictOptions {
  readonly service: PredictionService;
  readonly drift: DriftService;
  readonly feedback: FeedbackService;
  readonly reader: BodyReader;
  readonly maxRows: number;
  /** Whether a null is a missing value, to be imputed by the mean. */
  readonly allowMissing: boolean;
  /** Whether `?ids=true` is to be had: it keeps the rows. */
  readonly keepsRows: boolean;
}

export async function predictRoute(app: FastifyInstance, options: PredictOptions): Promise<void> {
  const { service, drift, feedback, maxRows, allowMissing, keepsRows } = options;
  // Only here the body comes as bytes: the ordinary ones are read without making objects of them.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  for (const type of [CSV_TYPE, ARROW_TYPE] as const) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, new TypedBody(type, body as Buffer)),
    );
  }
  const parser = new RowParser();
  const large = new LargePredictions(options);

  app.post<{ Body: Buffer | TypedBody | undefined; Querystring: Record<string, unknown> }>(
    '/predict',
    {
      schema: {
        summary: 'Predict rows in one forward pass',
        tags: ['model'],
        querystring: PredictQuery,
        body: { content: BodyContent },
        response: {
          200: { content: ReplyContent },
          400: ErrorReply,
          406: ErrorReply,
          413: ErrorReply,
          415: ErrorReply,
          503: ErrorReply,
        },
      },
      // A schema validator would walk the rows once more, and could not say `instances[3][5]`; a query is rare.
      validatorCompiler: () => () => true,
      config: { predicts: true },
    },
    // Not async: one row is computed in the time that a promise takes.
    (request, reply) => {
      const asked = readQuery(request.query);
      if (asked.ids && !keepsRows)
        throw new HttpError('INVALID_QUERY', 'ids: this service is read-only and keeps no rows');
      const typed = request.body instanceof TypedBody ? request.body : undefined;
      const given = typed?.type ?? JSON_TYPE;
      const body = request.body instanceof TypedBody ? request.body.bytes : request.body;
      const wanted = replyType(request, given);
      if (body && (typed || wanted !== JSON_TYPE || body.length > LARGE_BODY)) {
        large.answer({ body, given, wanted, ...asked }).then(
          (answer) => {
            reply.type(wanted === ARROW_TYPE ? wanted : `${wanted}; charset=utf-8`);
            if (wanted !== JSON_TYPE) {
              reply.header('x-model-version', String(answer.version));
              if (answer.predictionId) reply.header('x-prediction-id', answer.predictionId);
            }
            reply.send(answer.body);
          },
          (error) => reply.send(error),
        );
        return;
      }
      reply.type('application/json; charset=utf-8');
      const { features } = service.serving.card;
      let count = body ? parser.parse(body, features.length) : 0;
      let rows: Float32Array = parser.rows;
      if (count === 0 || count > maxRows) {
        const instances = readInstances(body && readJson(body.toString()), maxRows);
        rows = readRows(instances, features, allowMissing);
        count = instances.length;
      }
      const observation = service.predict(rows, count);
      let text = predictReply(observation);
      if (asked.explain) text = `${text.slice(0, -1)},"explanations":${JSON.stringify(explain(observation, drift))}}`;
      if (!asked.ids) {
        reply.send(text);
        return;
      }
      feedback.retainPrediction(observation).then(
        (id) => reply.send(`${text.slice(0, -1)},"prediction_id":${JSON.stringify(id)}}`),
        (error) => reply.send(error),
      );
    },
  );
}

function readQuery(query: Record<string, unknown>): Asked {
  for (const [key, value] of Object.entries(query)) {
    if (key !== 'explain' && key !== 'ids') {
      throw new HttpError('INVALID_QUERY', `query: unknown key ${show(key)}; expected explain or ids`);
    }
    if (value !== 'true' && value !== 'false') {
      throw new HttpError('INVALID_QUERY', `${key}: expected true or false, got ${show(value)}`);
    }
  }
  return { explain: query['explain'] === 'true', ids: query['ids'] === 'true' };
}
