import { type Static, Type } from 'typebox';
import { PROMOTIONS } from '../../../model/versions/gate-decision.js';
import { MAX_SHADOW_ROWS } from '../../service/training/shadow.js';

/** How a client may have a version promoted, in the query or in the body. */
export const PromotionFields = {
  promote: Type.Optional(
    Type.Enum([...PROMOTIONS], {
      default: 'gate',
      description:
        'when the version serves: if it is not worse than the serving version, and a first one better than the mean; always; or only when activated',
    }),
  ),
  shadow_rows: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_SHADOW_ROWS,
      default: 0,
      description: 'rows of traffic that the version predicts beside the serving version before it serves',
    }),
  ),
};
const PromotionSchema = Type.Object(PromotionFields);
export type RequestedPromotion = Static<typeof PromotionSchema>;
