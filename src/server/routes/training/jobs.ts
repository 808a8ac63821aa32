import { on } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { type EventStreams, serverSentEvent } from '../../http/event-stream.js';
import { errors, operation } from '../../http/operation.js';
import { Job } from '../../service/training/job.js';
import type { TrainingJobs } from '../../service/training/training-jobs.js';

const JobParams = Type.Object({ id: Type.String() });

export function jobRoutes(app: FastifyInstance, jobs: TrainingJobs, streams: EventStreams): void {
  app.get<{ Params: Static<typeof JobParams> }>(
    '/train/:id',
    operation('training', 'State, epochs and metrics of a training', {
      operationId: 'getTraining',
      config: { scope: 'train' },
      params: JobParams,
      response: { 200: Job, ...errors(404) },
    }),
    async ({ params }) => jobs.get(params.id),
  );

  app.delete<{ Params: Static<typeof JobParams> }>(
    '/train/:id',
    operation('training', 'Cancel a training, or its shadow; a training that has ended is not changed', {
      operationId: 'cancelTraining',
      config: { scope: 'train', audit: { action: 'cancel', target: 'id' } },
      params: JobParams,
      response: { 200: Job, ...errors(404) },
    }),
    async ({ params }) => jobs.cancel(params.id),
  );

  app.get<{ Params: Static<typeof JobParams> }>(
    '/train/:id/events',
    operation('training', 'Server-sent events: `epoch` for each epoch, including past ones, and `end` with the job', {
      operationId: 'streamTraining',
      config: { scope: 'train' },
      params: JobParams,
      response: { 200: { content: { 'text/event-stream': { schema: Type.String() } } }, ...errors(404, 503) },
    }),
    async ({ params }, reply) => {
      const job = jobs.get(params.id);
      const changes = on(jobs, 'epoch', { close: ['end'] });
      return streams.reply(reply, changes, streamJob(job, changes));
    },
  );
}

async function* streamJob(job: Job, changes: AsyncIterable<unknown>): AsyncGenerator<string> {
  let sent = 0;
  const unsentEpochs = () => {
    const epochs = job.history.slice(sent);
    sent = job.history.length;
    return epochs.map((epoch) => serverSentEvent('epoch', epoch));
  };
  yield* unsentEpochs();
  if (job.state === 'running') {
    for await (const _ of changes) yield* unsentEpochs();
    yield* unsentEpochs();
  }
  yield serverSentEvent('end', job);
}
