import { BucketHistogram } from './bucket-histogram.js';
import { DURATION_BUCKETS } from './request-histogram.js';

/** The Prometheus histogram of the durations of prediction requests, whatever their route and protocol. */
export class PredictionHistogram extends BucketHistogram {
  constructor() {
    const help = 'Time from a prediction request to its answer, by whichever protocol, whatever its status';
    super('model_prediction_duration_seconds', help, DURATION_BUCKETS);
  }
}
