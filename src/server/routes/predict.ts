import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { DomainError, show } from '../../model/domain-error.js';
import { readRows } from '../../model/rows.js';
import { ErrorReply } from '../errors.js';
import type { PredictionService } from '../service.js';

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

export const PredictReply = Type.Object(
  {
    predictions: Type.Array(Type.Array(Type.Number()), { description: '[rows, targets], in target units' }),
    reconstruction_error: Type.Array(Type.Number(), {
      description: '[rows]: mean squared residual over the features, in standardised units',
    }),
    model_version: Type.String(),
  },
  { $id: 'PredictReply' },
);
export type PredictReply = Static<typeof PredictReply>;

export interface PredictOptions {
  readonly service: PredictionService;
  readonly maxRows: number;
}

export function predictRoute(app: FastifyInstance, { service, maxRows }: PredictOptions): void {
  app.post<{ Body: unknown }>(
    '/predict',
    {
      schema: {
        summary: 'Predict rows in one forward pass',
        tags: ['model'],
        body: PredictBody,
        response: { 200: PredictReply, 400: ErrorReply, 413: ErrorReply, 415: ErrorReply, 503: ErrorReply },
      },
      // A schema validator would walk the rows once more, and could not say `instances[3][5]`.
      validatorCompiler: () => () => true,
    },
    async ({ body }) => {
      const { features } = service.serving.card;
      const instances = readInstances(body, maxRows);
      const rows = readRows(instances, features);
      const { prediction, serving } = service.predict(rows, instances.length);
      const width = serving.card.targets.length;
      const predictions: number[][] = [];
      for (let at = 0; at < prediction.outputs.length; at += width) {
        predictions.push(Array.from(prediction.outputs.subarray(at, at + width)));
      }
      const errors = Array.from(prediction.errors.subarray(0, instances.length));
      return { predictions, reconstruction_error: errors, model_version: String(serving.version) };
    },
  );
}

/** The rows of a body: `{"instances": [...]}`, or the rows alone. */
function readInstances(body: unknown, maxRows: number): readonly unknown[] {
  const instances = Array.isArray(body) ? body : readObject(body);
  if (instances.length === 0) throw invalid('instances: expected at least one row, got []');
  if (instances.length > maxRows) {
    throw new DomainError('TOO_LARGE', `instances: expected at most ${maxRows} rows, got ${instances.length}`);
  }
  return instances;
}

function readObject(body: unknown): readonly unknown[] {
  if (typeof body !== 'object' || body === null) {
    throw invalid(`body: expected {"instances": [...]}, got ${body === undefined ? 'nothing' : show(body)}`);
  }
  const unknown = Object.keys(body).find((key) => key !== 'instances');
  if (unknown !== undefined) throw invalid(`body: unknown key ${show(unknown)}; expected {"instances": [...]}`);
  const { instances } = body as { instances?: unknown };
  if (!Array.isArray(instances)) {
    throw invalid(`instances: expected an array of rows, got ${instances === undefined ? 'nothing' : show(instances)}`);
  }
  return instances;
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}
