import { P_BUCKETS } from '../../drift/counts/counters.js';
import type { DriftService } from '../service/drift/drift-service.js';
import { histogram, histogramSamples } from './bucket-histogram.js';

const NO_ROWS = new Float64Array(P_BUCKETS.length);

/** The p-values of all rows, counted by the drift monitor, as a metric of prom-client's registry. */
export function conformalHistogram(drift: DriftService) {
  const name = 'model_row_conformal_p';
  const help = 'How unusual each row is: without drift, at most a share p of the rows has a value of p or less';
  return {
    name,
    async get() {
      const counters = drift.monitored?.monitor.counters;
      const values = histogramSamples(name, P_BUCKETS, counters?.pValues ?? NO_ROWS, counters?.pValueSum[0] ?? 0);
      return histogram(name, help, values);
    },
  };
}
