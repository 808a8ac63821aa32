import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { takeBytes } from '../../bodies/raw-body.js';
import { ErrorReply } from '../../http/errors.js';
import { JSON_TYPE } from '../../http/media-types.js';
import { operation } from '../../http/operation.js';
import type { InferenceReply, Parts } from '../../inference/inference-request.js';
import { recordText } from '../../inference/interval-reply.js';
import { predictionText, setModelHeaders } from '../../inference/json-reply.js';
import { type PredictionRouteOptions, predictionRoute } from '../../inference/prediction-route.js';
import type { Observation, PredictionService } from '../../service/prediction/prediction-service.js';
import { Parameters, Predictions, Rows } from '../row-schema.js';

/** The paths of Vertex AI's requests, which the platform chooses. */
export interface VertexRoutes {
  readonly predict: string;
  readonly health: string;
}

export interface VertexOptions extends PredictionRouteOptions {
  readonly routes: VertexRoutes;
  readonly service: PredictionService;
}

const TAG = 'vertex ai';
/** Routes of other protocols. If the platform chooses one of them, that protocol answers. */
const OTHERS = /^\/(v1\/models|v2)\/|^\/invocations$/;

/** The routes of a Vertex AI container. */
export async function vertex(app: FastifyInstance, options: VertexOptions): Promise<void> {
  const { routes, service } = options;
  takeBytes(app);

  if (!OTHERS.test(routes.predict)) {
    predictionRoute(app, options, {
      pattern: literal(routes.predict),
      schema: {
        summary: 'Vertex AI: predict rows',
        tags: [TAG],
        body: Type.Object({ instances: Rows, parameters: Parameters }),
        response: { 200: Predictions, 400: ErrorReply, 503: ErrorReply },
      },
      request: ({ body }) => ({ reader: 'instances', body, write }),
      fastPath: { path: () => routes.predict, known: [undefined] },
    });
  }
  if (!app.hasRoute({ method: 'GET', url: routes.health })) {
    const replies = { 200: Type.Object({ ready: Type.Boolean() }), 503: ErrorReply };
    app.get(
      literal(routes.health),
      operation(TAG, 'Vertex AI: whether a model serves', {
        response: replies,
        config: { scope: 'health', quiet: true },
      }),
      async () => ({ ready: service.ready.version > 0 }),
    );
  }
}

function write(observation: Observation, _requested: undefined, reply: InferenceReply): Parts {
  setModelHeaders(reply, observation);
  reply.type(JSON_TYPE);
  const { intervals } = observation;
  return intervals ? recordText(observation, intervals) : predictionText('predictions', observation);
}

/** Returns the route pattern of a path, in which a colon begins no parameter. */
function literal(path: string): string {
  return path.replaceAll(':', '::');
}
