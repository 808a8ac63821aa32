import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { FastPath } from '../../fast-path/fast-path.js';
import { ErrorReply } from '../../http/errors.js';
import { JSON_TYPE } from '../../http/media-types.js';
import { takeBytes } from '../../http/raw-body.js';
import type { Inference, InferenceRequest } from '../../inference/inference.js';
import { predictionText } from '../../inference/prediction-text.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import { Rows } from '../row-schema.js';

/** Paths that Vertex AI asks at, as it names them. */
export interface VertexRoutes {
  readonly predict: string;
  readonly health: string;
}

export interface VertexOptions {
  readonly routes: VertexRoutes;
  readonly service: PredictionService;
  readonly inference: Inference;
  readonly fastPath: FastPath;
}

/** Routes of other contracts: a platform that names one of them wants it as it is. */
const OTHERS = /^\/(v1\/models|v2)\/|^\/invocations$/;

/** What Vertex AI asks of a container. */
export async function vertex(
  app: FastifyInstance,
  { routes, service, inference, fastPath }: VertexOptions,
): Promise<void> {
  const tags = ['vertex ai'];
  takeBytes(app);

  if (!OTHERS.test(routes.predict)) {
    const route = literal(routes.predict);
    fastPath.add(routes.predict, {
      route,
      answer: (body, _headers, reply) => inference.answerSmall(reply, requestOf(body)),
    });
    app.post<{ Body: Buffer | undefined }>(
      route,
      {
        schema: {
          summary: 'Vertex AI: predict rows',
          tags,
          body: Type.Object({ instances: Rows, parameters: Type.Optional(Type.Object({})) }),
          response: {
            200: Type.Object({
              predictions: Type.Array(Type.Array(Type.Number()), { description: '[rows, targets]' }),
            }),
            '4xx': ErrorReply,
            503: ErrorReply,
          },
        },
        validatorCompiler: () => () => true,
        config: { predicts: true },
      },
      ({ body = Buffer.alloc(0) }, reply) => inference.answer(reply, requestOf(body)),
    );
  }
  if (!app.hasRoute({ method: 'GET', url: routes.health })) {
    app.get(
      literal(routes.health),
      {
        schema: {
          summary: 'Vertex AI: whether a model serves',
          tags,
          response: { 200: Type.Object({ ready: Type.Boolean() }), 503: ErrorReply },
        },
        config: { predicts: true },
      },
      async () => ({ ready: service.ready.version > 0 }),
    );
  }
}

function requestOf(body: Buffer): InferenceRequest<'instances'> {
  return {
    reader: 'instances',
    body,
    given: undefined,
    write: (observation, _asked, reply) => {
      reply.type(JSON_TYPE);
      return predictionText('predictions', observation);
    },
  };
}

/** A path as a route pattern: a colon that begins no parameter. */
function literal(path: string): string {
  return path.replaceAll(':', '::');
}
