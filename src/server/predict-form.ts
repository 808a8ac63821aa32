import { RowParser } from '../model/row-parser.js';
import type { OrdinaryForm } from './ordinary-predictions.js';
import { predictReply } from './predict-reply.js';
import type { PredictionService } from './service.js';

/** More numbers may make an answer large enough to be compressed, of up to 27 characters each. */
const MOST_NUMBERS = 500;

/** The ordinary `POST /predict`: rows of numbers by position. */
export function predictForm(service: PredictionService, maxRows: number): OrdinaryForm {
  const parser = new RowParser();
  return {
    route: '/predict',
    answer: (body, _headers, reply) => {
      const { features, targets } = service.serving.card;
      const count = parser.parse(body, features.length);
      if (count === 0 || count > maxRows || count * (targets.length + 1) > MOST_NUMBERS) return;
      const text = predictReply(service.predict(parser.rows, count));
      reply.type('application/json');
      reply.send(text);
    },
  };
}
