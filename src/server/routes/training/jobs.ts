import { on } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { ErrorReply } from '../../http/errors.js';
import { eventStream, serverSentEvent } from '../../http/event-stream.js';
import { Job } from '../../service/training/job.js';
import type { TrainingJobs } from '../../service/training/training-jobs.js';

const JobParams = Type.Object({ id: Type.String() });

export function jobRoutes(app: FastifyInstance, { jobs }: { jobs: TrainingJobs }): void {
  app.get<{ Params: Static<typeof JobParams> }>(
    '/train/:id',
    {
      schema: {
        summary: 'A training: state, epochs, metrics',
        tags: ['training'],
        params: JobParams,
        response: { 200: Job, 404: ErrorReply },
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
        response: { 200: Job, 404: ErrorReply },
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
    async ({ params }, reply) => {
      const job = jobs.get(params.id);
      return eventStream(reply, (gone) => follow(jobs, job, gone));
    },
  );
}

async function* follow(jobs: TrainingJobs, job: Job, gone: AbortSignal): AsyncGenerator<string> {
  const changes = on(jobs, 'epoch', { close: ['end'] });
  const stop = () => void changes.return?.();
  gone.addEventListener('abort', stop);
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
    stop();
  }
}
