import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../base/domain-error.js';
import { IGNORED_COLUMNS } from '../http/ignored-columns.js';
import { errors, operation } from '../http/operation.js';
import type { BodyReader } from '../inference/body-reader.js';
import { LargeBodies } from '../inference/large-bodies.js';
import { LabelledFields, labelledRows } from '../readers/labelled-request.js';
import { FeedbackReceipt } from '../service/feedback/feedback-receipt.js';
import { joinTargets, readFeedback } from '../service/feedback/feedback-rows.js';
import type { FeedbackService } from '../service/feedback/feedback-service.js';

/** Maximum ids of one request: reading their rows from the database takes time of the event loop. */
const MAX_IDS = 1000;

const FeedbackBody = Type.Object(
  {
    ...LabelledFields,
    ids: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: MAX_IDS,
        description:
          'instead of rows: ids from POST /predict?ids=true; `targets` then has one array per id, with one target per row',
      }),
    ),
  },
  { 'x-schema': 'FeedbackBody', additionalProperties: false },
);
type FeedbackBody = Static<typeof FeedbackBody>;

const FeedbackHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description:
        'identifies the request: sent again with the same key and body, its rows count once, and the reply is the first ' +
        'one. Without effect with `ids`, which are answered once in any case',
    }),
  ),
});

export async function feedbackRoute(
  app: FastifyInstance,
  { feedback, reader }: { feedback: FeedbackService; reader: BodyReader },
): Promise<void> {
  const large = new LargeBodies(reader);
  large.addParser(app);

  app.post<{ Body: FeedbackBody; Headers: Static<typeof FeedbackHeaders> }>(
    '/feedback',
    operation('training', 'Send rows with their true targets, to evaluate the serving model and to train on', {
      // At the rate of the traffic, and without effect until a training uses the rows, which is recorded.
      operationId: 'sendFeedback',
      config: { scope: 'feedback', audit: { action: 'feedback', summarized: true } },
      headers: FeedbackHeaders,
      body: FeedbackBody,
      response: { 200: FeedbackReceipt, ...errors(400, 404, 409, 413, 415, 422, 500, 503) },
    }),
    async ({ body, headers }, reply) => {
      const isLarge = large.has(body);
      if (body.ids) {
        const targets = targetsOf(body);
        const answered = feedback.answer(body.ids, (predictions, terms) =>
          isLarge ? large.answers(body, predictions, terms) : joinTargets(predictions, targets, terms),
        );
        return answered.catch(adviseIds);
      }
      const rows = labelledRows(body, '"ids"');
      const { 'idempotency-key': name } = headers;
      const key = name === undefined ? undefined : { key: name, digest: await large.digest(body) };
      const { receipt, ignored, isRepeated } = await feedback.add(
        (terms) => (isLarge ? large.feedback(body, terms) : readFeedback(rows, terms)),
        key,
      );
      // As other interfaces with keys mark it.
      if (isRepeated) reply.header('idempotent-replayed', 'true');
      if (ignored > 0) reply.header(IGNORED_COLUMNS, String(ignored));
      return receipt;
    },
  );
}

/** Adds to the error for an unknown prediction how predictions are stored. */
function adviseIds(error: unknown): never {
  if (!(error instanceof DomainError) || error.code !== 'PREDICTION_NOT_FOUND') throw error;
  throw new DomainError(error.code, `${error.message}; only POST /predict?ids=true stores predictions`, {
    cause: error,
  });
}

function targetsOf({ instances, target, targets }: FeedbackBody): readonly unknown[] {
  if (instances) throw new DomainError('INVALID_ROWS', 'instances: expected no rows together with "ids"');
  if (target) throw new DomainError('INVALID_ROWS', 'target: expected "targets" together with "ids"');
  if (!targets) throw new DomainError('INVALID_ROWS', 'body: expected "targets" (an array per id) together with "ids"');
  return targets;
}
