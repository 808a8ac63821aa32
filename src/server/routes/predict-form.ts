import { RowParser } from '../../base/json/row-parser.js';
import type { FastRoute } from '../fast-path/fast-path.js';
import { NUMBER_LENGTH, SMALL_REPLY } from '../fast-path/fast-reply.js';
import { predictReply } from '../inference/json-reply.js';
import type { PredictionService } from '../service/prediction/prediction-service.js';

/** The ordinary `POST /predict`: rows of numbers by position. */
export function predictForm(service: PredictionService, maxRows: number): FastRoute {
  const parser = new RowParser();
  return {
    route: '/predict',
    answer: (body, _headers, reply) => {
      const { features, targets } = service.serving.card;
      const count = parser.parse(body, features.length);
      const length = NUMBER_LENGTH * count * (targets.length + 1);
      if (count === 0 || count > maxRows || length > SMALL_REPLY) return;
      const text = predictReply(service.predict(parser.rows, count));
      reply.type('application/json');
      reply.send(text);
    },
  };
}
