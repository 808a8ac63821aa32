import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../base/domain-error.js';
import { ErrorReply } from '../http/errors.js';
import type { BodyReader } from '../inference/body-reader.js';
import { LargeBodies } from '../inference/large-bodies.js';
import { LabelledFields, labelledRows } from '../readers/labelled-request.js';
import { joinTargets, readFeedback } from '../service/feedback/feedback-rows.js';
import { FeedbackReceipt, type FeedbackService } from '../service/feedback/feedback-service.js';

/** Each is looked for in the database, and its rows come from there: a bound on what that takes of the event loop. */
const MAX_IDS = 1000;

const FeedbackBody = Type.Object(
  {
    ...LabelledFields,
    ids: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: MAX_IDS,
        description:
          'instead of rows: ids of POST /predict?ids=true; `targets` then has an array per id, of a target per row',
      }),
    ),
  },
  { $id: 'FeedbackBody', additionalProperties: false },
);
type FeedbackBody = Static<typeof FeedbackBody>;

export interface FeedbackRouteOptions {
  readonly feedback: FeedbackService;
  readonly reader: BodyReader;
}

export async function feedbackRoute(app: FastifyInstance, { feedback, reader }: FeedbackRouteOptions): Promise<void> {
  const large = new LargeBodies(reader);
  large.addParser(app);

  app.post<{ Body: FeedbackBody }>(
    '/feedback',
    {
      schema: {
        summary: 'Rows with their true targets: what the serving model is judged by, and can be trained on',
        tags: ['training'],
        body: FeedbackBody,
        response: {
          200: FeedbackReceipt,
          400: ErrorReply,
          404: ErrorReply,
          413: ErrorReply,
          415: ErrorReply,
          500: ErrorReply,
          503: ErrorReply,
        },
      },
    },
    ({ body }) => {
      const isLarge = large.has(body);
      if (body.ids) {
        const targets = targetsOf(body);
        return feedback.answer(body.ids, (waiting, terms) =>
          isLarge ? large.feedback(body, terms, waiting) : joinTargets(waiting, targets, terms),
        );
      }
      const rows = labelledRows(body, '"ids"');
      return feedback.add((terms) => (isLarge ? large.feedback(body, terms) : readFeedback(rows, terms)));
    },
  );
}

function targetsOf({ instances, target, targets }: FeedbackBody): readonly unknown[] {
  if (instances) throw new DomainError('INVALID_ROWS', 'instances: expected no rows beside "ids"');
  if (target) throw new DomainError('INVALID_ROWS', 'target: expected "targets" beside "ids"');
  if (!targets) throw new DomainError('INVALID_ROWS', 'body: expected "targets" (an array per id) beside "ids"');
  return targets;
}
