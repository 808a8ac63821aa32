import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import { packageVersion } from '../../../base/node/package-version.js';
import { operation } from '../../http/operation.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import { handleInvocationErrors, InvocationError, TAG } from './invocation-errors.js';

/** The routes of MLflow's scoring server beside `/invocations`. SageMaker also calls `/ping`, and ignores its body. */
export async function mlflow(app: FastifyInstance, { service }: { service: PredictionService }): Promise<void> {
  const replies = {
    200: Type.Unsafe<string>({ type: 'string', description: 'an empty line' }),
    404: InvocationError,
  };
  handleInvocationErrors(app);
  for (const path of ['/ping', '/health']) {
    app.get(
      path,
      operation(TAG, 'MLflow, SageMaker: whether a model serves', {
        response: replies,
        config: { scope: 'health', quiet: true },
      }),
      (_request, reply) => {
        try {
          if (service.ready) reply.type('application/json').send('\n');
        } catch (error) {
          // MLflow answers 404; SageMaker takes anything but 200 as not ready.
          throw new DomainError('MODEL_NOT_FOUND', (error as Error).message);
        }
      },
    );
  }
  app.get(
    '/version',
    operation(TAG, 'MLflow: the version of the server', {
      operationId: 'getMlflowVersion',
      response: {
        200: { content: { 'text/plain': { schema: Type.String() } } },
      },
      config: { scope: 'read' },
    }),
    async (_request, reply) => reply.type('text/plain; charset=utf-8').send(packageVersion()),
  );
}
