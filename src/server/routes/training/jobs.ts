import { on } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { TrialReport } from '../../../model/versions/search.js';
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
      description:
        'While a search runs that `trials` or `budget_seconds` has asked for, this ends the search: the training goes on with ' +
        'the best options so far, and the reply is the running job. A second request cancels the training.',
      operationId: 'cancelTraining',
      config: { scope: 'train', audit: { action: 'cancel', target: 'id' } },
      params: JobParams,
      response: { 200: Job, ...errors(404) },
    }),
    async ({ params }) => jobs.cancel(params.id),
  );

  app.get<{ Params: Static<typeof JobParams> }>(
    '/train/:id/events',
    operation(
      'training',
      'Server-sent events: `search` when a search begins and ends, `trial` for each change of a trial, `epoch` for each epoch, including past ones, and `end` with the job',
      {
        operationId: 'streamTraining',
        config: { scope: 'train' },
        params: JobParams,
        response: { 200: { content: { 'text/event-stream': { schema: Type.String() } } }, ...errors(404, 503) },
      },
    ),
    async ({ params }, reply) => {
      const job = jobs.get(params.id);
      const changes = on(jobs, 'progress', { close: ['end'] });
      return streams.reply(reply, changes, streamJob(job, changes));
    },
  );
}

async function* streamJob(job: Job, changes: AsyncIterable<unknown>): AsyncGenerator<string> {
  let sent = 0;
  let sentSearch: Job['search'] = null;
  let sentTrials: readonly TrialReport[] = [];
  const unsent = () => {
    const epochs = job.history.slice(sent);
    sent = job.history.length;
    return [...unsentTrials(), ...epochs.map((epoch) => serverSentEvent('epoch', epoch))];
  };
  const unsentTrials = () => {
    const { search } = job;
    if (!search) return [];
    const before = sentTrials;
    sentTrials = [...search.trials];
    if (search === sentSearch) {
      return sentTrials.filter((trial, i) => trial !== before[i]).map((trial) => serverSentEvent('trial', trial));
    }
    sentSearch = search;
    return [serverSentEvent('search', search)];
  };
  yield* unsent();
  if (job.state === 'running') {
    for await (const _ of changes) yield* unsent();
    yield* unsent();
  }
  yield serverSentEvent('end', job);
}
