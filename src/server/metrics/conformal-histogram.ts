import { P_BUCKETS } from '../../drift/counts/counters.js';
import type { DriftService } from '../service/drift/drift-service.js';
import { histogram, histogramSamples } from './histogram-samples.js';

const NOTHING = new Float64Array(P_BUCKETS.length);

/** The p-values of all rows, which the monitor has counted already, as a metric of prom-client's registry. */
export function conformalHistogram(drift: DriftService) {
  const name = 'model_row_conformal_p';
  const help = 'How unusual each row is: without drift, at most the share p of rows lies at or below a small p';
  return {
    name,
    async get() {
      const counters = drift.watched?.monitor.counters;
      const values = histogramSamples(name, P_BUCKETS, counters?.pValues ?? NOTHING, counters?.pValueSum[0] ?? 0);
      return histogram(name, help, values);
    },
  };
}
