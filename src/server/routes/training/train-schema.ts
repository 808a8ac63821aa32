import { type Static, Type } from 'typebox';
import { SearchFields, TrainingFields } from '../../../model/training/training-options.js';
import { LabelledFields } from '../../readers/labelled-request.js';
import { ChoicesBody, ChoicesQuery } from '../../readers/table-choices.js';
import { PromotionFields } from './promotion-fields.js';

const DryRun = {
  dry_run: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'read the table, report what a training would make of each column, and train nothing; a file needs no target',
    }),
  ),
};

/** How a client asks for a training in the query. */
export const TrainQuery = Type.Object(
  {
    ...TrainingFields,
    ...SearchFields,
    ...PromotionFields,
    ...ChoicesQuery,
    ...DryRun,
    target: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'target column of a body that is not JSON, or several, separated by commas',
      }),
    ),
    wait: Type.Optional(Type.Boolean({ default: false, description: 'reply when the training has ended' })),
    replace: Type.Optional(
      Type.Boolean({ default: false, description: 'accept other features than those of the serving model' }),
    ),
  },
  { additionalProperties: false },
);
export type TrainQuery = Static<typeof TrainQuery>;

/** The same in a JSON body, with its rows. */
export const TrainBody = Type.Object(
  {
    ...TrainingFields,
    ...SearchFields,
    ...PromotionFields,
    ...ChoicesBody,
    ...DryRun,
    ...LabelledFields,
    source: Type.Optional(
      Type.Enum(['feedback'], { description: 'instead of rows: train on those sent to POST /feedback' }),
    ),
    mix_reference: Type.Optional(
      Type.Boolean({ description: 'with `source`: train on the rows of TRAIN_DATA as well' }),
    ),
  },
  { 'x-schema': 'TrainBody', additionalProperties: false },
);
export type TrainBody = Static<typeof TrainBody>;
