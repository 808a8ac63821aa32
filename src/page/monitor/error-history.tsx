import { useMemo, useState } from 'preact/hooks';
import type { Point } from '../client/api.js';
import type { Snapshot } from '../client/live.js';
import { Choice } from '../parts/choice.js';
import { clock, figure } from '../parts/format.js';
import { Legend } from '../parts/legend.js';
import { Plot } from '../parts/plot.js';
import { AlarmTimeline } from './alarm-timeline.js';
import { columns, options } from './error-chart.js';
import { ErrorTable } from './error-table.js';

const RANGES = [
  [5, '5 min'],
  [15, '15 min'],
  [60, '1 hour'],
] as const;
const KEYS = {
  'recent line': 'median of recent rows',
  'recent area': 'middle 80 % of recent rows',
  'reference dashed': 'median of held-out rows',
  'reference area': 'middle 80 % of held-out rows',
  'alarm area': 'alarm raised',
};
const HEIGHT = 230;

/** The reconstruction error of the traffic compared with that of the held-out rows, above a timeline of the alarms. */
export function ErrorHistory({ snapshot: { points, drift } }: { snapshot: Snapshot }) {
  const [minutes, setMinutes] = useState<number>(15);
  const end = points.at(-1)?.at ?? Date.now();
  const start = end - 60_000 * minutes;
  const visible = useMemo(() => points.filter(({ at }) => at >= start), [points, start]);
  const data = useMemo(() => columns(visible, start, end), [visible, start, end]);

  return (
    <section class="panel" aria-labelledby="error-title">
      <header>
        <h2 id="error-title">Reconstruction error</h2>
        <Choice legend="Time shown" name="range" options={RANGES} chosen={minutes} onChoose={setMinutes} />
      </header>
      <Legend keys={KEYS} />
      <Plot of="error" options={options} data={data} height={HEIGHT} label={summary(visible)} />
      <AlarmTimeline points={visible} groups={drift?.groups ?? []} start={start} end={end} />
      <ErrorTable points={visible} />
    </section>
  );
}

function summary(points: readonly Point[]): string {
  const last = points.findLast(({ error }) => error);
  if (!last?.error) return 'Chart of the reconstruction error over time. No rows in this period.';
  const { error, reference } = last;
  const where = error.p50 > reference.p90 ? 'above' : error.p50 < reference.p10 ? 'below' : 'within';
  return (
    `Chart of the reconstruction error over time. At ${clock(last.at)} the median was ${figure(error.p50)}, ${where} the ` +
    `range of the middle 80 % of held-out rows, ${figure(reference.p10)} to ${figure(reference.p90)}.`
  );
}
