import { on } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { reportErrors } from '../../../drift/feedback/error-report.js';
import { expectErrors } from '../../../drift/feedback/expected-errors.js';
import { reportCoverage } from '../../../drift/intervals/coverage-report.js';
import { type EventStreams, serverSentEvent } from '../../http/event-stream.js';
import { errors, operation } from '../../http/operation.js';
import type { DriftService } from '../../service/drift/drift-service.js';
import type { MonitoredVersion } from '../../service/drift/monitored-version.js';
import type { FeedbackService } from '../../service/feedback/feedback-service.js';
import { DriftReply, HistoryReply } from './drift-schemas.js';

const BaselineBody = Type.Object(
  {
    since: Type.String({ description: 'ISO 8601: the rows since then become the reference' }),
    reason: Type.String({ minLength: 1, maxLength: 1000, description: 'why; kept with the baseline' }),
    minimum_rows: Type.Optional(
      Type.Integer({ minimum: 200, default: 1000, description: 'fewer rows than this are refused' }),
    ),
  },
  { 'x-schema': 'BaselineBody', additionalProperties: false },
);

export interface DriftRoutesOptions {
  readonly drift: DriftService;
  readonly feedback: FeedbackService;
  readonly streams: EventStreams;
}

export function driftRoutes(app: FastifyInstance, { drift, feedback, streams }: DriftRoutesOptions): void {
  // One text for all streams, because a report takes milliseconds.
  let progressText: string | undefined;
  drift.on('update', () => {
    progressText = undefined;
  });
  const sharedProgress = () => {
    progressText ??= progress(drift);
    return progressText;
  };
  const reply = async (monitored: MonitoredVersion) => ({ ...describe(monitored), feedback: await feedback.current() });

  app.get(
    '/drift',
    operation('drift', 'Whether the rows still look like the training data, and which inputs moved', {
      operationId: 'getDrift',
      config: { scope: 'read' },
      response: { 200: DriftReply, ...errors(409) },
    }),
    async () => reply(drift.require()),
  );

  app.get(
    '/drift/history',
    operation('drift', 'The latest hour of reconstruction errors and alarms, since the start of the process', {
      operationId: 'getDriftHistory',
      config: { scope: 'read' },
      response: { 200: HistoryReply },
    }),
    async (): Promise<Static<typeof HistoryReply>> => ({ points: [...drift.history.points] }),
  );

  app.get(
    '/drift/events',
    operation(
      'drift',
      'Server-sent events: `drift` when an alarm is raised, with a summary of its evidence, or cleared; `progress` every 5 s, with the latest point of the history',
      {
        operationId: 'streamDrift',
        config: { scope: 'read' },
        response: { 200: { content: { 'text/event-stream': { schema: Type.String() } } }, ...errors(409, 503) },
      },
    ),
    async (_request, response) => {
      drift.require();
      const updates = on(drift, 'update', { close: ['close'] });
      return streams.reply(response, updates, streamDrift(progress(drift), updates, sharedProgress));
    },
  );

  app.post(
    '/drift/reset',
    operation('drift', 'Forget all rows and alarms; the counters go on', {
      operationId: 'resetDrift',
      config: { scope: 'activate', audit: { action: 'reset' } },
      response: { 200: DriftReply, ...errors(409) },
    }),
    async () => {
      drift.reset();
      return reply(drift.require());
    },
  );

  app.post<{ Body: Static<typeof BaselineBody> }>(
    '/drift/baseline',
    operation('drift', 'Make approved traffic the reference: a new baseline from the rows since a time', {
      operationId: 'setDriftBaseline',
      config: { scope: 'activate', audit: { action: 'baseline' } },
      body: BaselineBody,
      response: { 200: DriftReply, ...errors(400, 409) },
    }),
    async ({ body: { since, reason, minimum_rows: minimum = 1000 } }) => {
      const errorsSince = (time: number) => feedback.errorsSince(time);
      return reply(await drift.rebaseline({ since, reason, minimum, errorsSince }));
    },
  );
}

function describe(monitored: MonitoredVersion): Omit<Static<typeof DriftReply>, 'feedback'> {
  const { version, card, monitor, errors, coverage, baseline, origin } = monitored;
  const report = monitor.report();
  const groups = [...report.groups, ...groupOf(errors), ...groupOf(coverage)];
  return {
    ...report,
    detected: groups.some(({ detected }) => detected),
    groups,
    model_version: String(version),
    baseline: { ...report.baseline, ...origin },
    prediction_error: {
      comparison: errors ? reportErrors(errors, card.targets) : null,
      reason: errors ? null : NO_COMPARISON,
      expected: expectErrors(baseline, monitor.latestWindow),
    },
    interval_coverage: {
      comparison: coverage ? reportCoverage(coverage) : null,
      reason: coverage ? null : NO_INTERVALS,
    },
  };
}

const NO_COMPARISON =
  'the baseline does not know the errors on held-out rows, because the version is older than this comparison: train a new ' +
  'version, or make a new baseline from a period with at least 200 labelled rows';

const NO_INTERVALS =
  'the version has no prediction intervals, because an earlier release trained it: train a new version';

/** The group of a monitor of labelled rows, by the latest window with the strongest evidence; none without a monitor. */
function groupOf(monitor: MonitoredVersion['errors'] | MonitoredVersion['coverage']) {
  if (!monitor) return [];
  const { strongest, windows, alarm } = monitor;
  const p = strongest?.tested ? Math.exp(strongest.tested.logP) : null;
  return [{ ...alarm, p_value: p, threshold: (strongest ?? windows[0]!).threshold, evidence: null }];
}

async function* streamDrift(
  first: string,
  updates: AsyncIterable<unknown[]>,
  sharedProgress: () => string,
): AsyncGenerator<string> {
  yield first;
  for await (const [event] of updates) yield event ? serverSentEvent('drift', event) : sharedProgress();
}

function progress(drift: DriftService): string {
  const { monitored } = drift;
  if (!monitored) return serverSentEvent('progress', { detected: false, reason: drift.reason });
  const { detected, groups, filled_rows, window_rows, rows, dependence, prediction_error } = describe(monitored);
  return serverSentEvent('progress', {
    model_version: String(monitored.version),
    detected,
    groups: groups.map(({ group, detected: raised, p_value }) => ({ group, detected: raised, p_value })),
    filled_rows,
    window_rows,
    rows,
    repeated_rows: dependence.repeated_rows,
    compared_rows: prediction_error.comparison?.rows ?? null,
    point: drift.history.points.at(-1) ?? null,
  });
}
