import type uPlot from 'uplot';
import type { Point } from '../client/api.js';
import { alarmSpans, GAP } from '../parts/alarm-spans.js';
import { axis, type Ink, logAxis, logScale } from '../parts/plot.js';

/** Columns of the chart data, in order. */
const SERIES = ['at', 'referenceLow', 'referenceHigh', 'referenceMedian', 'low', 'high', 'median', 'alarm', 'version'];
const ALARM = SERIES.indexOf('alarm');
const VERSION = SERIES.indexOf('version');

/** Options of the error chart: bands and medians of recent and held-out rows, alarms, and changes of version. */
export function options(ink: Ink): Omit<uPlot.Options, 'width' | 'height'> {
  // An area alone has too little contrast.
  const edge = (stroke: string) => ({ stroke, width: 0.75, points: { show: false } });
  const flag = { show: false, scale: 'flag' };
  return {
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false } },
    scales: { x: { time: true }, y: logScale },
    axes: [
      axis(ink, { size: 26, gap: 4, values: '{HH}:{mm}', space: 60, incrs: [60, 120, 300, 600, 900] }),
      logAxis(ink),
    ],
    series: [
      {},
      edge(ink('reference')),
      edge(ink('reference')),
      { stroke: ink('reference'), width: 1, dash: [4, 4], points: { show: false } },
      edge(ink('recent')),
      edge(ink('recent')),
      { stroke: ink('recent'), width: 2, points: { show: false } },
      flag,
      flag,
    ],
    bands: [
      { series: [2, 1], fill: ink('reference-fill') },
      { series: [5, 4], fill: ink('recent-fill') },
    ],
    hooks: { drawClear: [(plot) => shadeAlarms(plot, ink)], draw: [(plot) => markVersions(plot, ink)] },
  };
}

/** Converts points to the columns of {@link SERIES}, with null rows at gaps and at both ends of the time shown. */
export function columns(points: readonly Point[], start: number, end: number): uPlot.AlignedData {
  const rows: (number | null)[][] = [];
  const addGap = (at: number) => rows.push([at / 1000, ...SERIES.slice(1).map(() => null)]);
  let last = start - 1000 * GAP;
  if (points[0] === undefined || points[0].at > start) addGap(start);
  for (const { at, error, reference, alarms, model_version } of points) {
    if (at - last > 1000 * GAP && last >= start) addGap(last + 1);
    const { p10 = null, p50 = null, p90 = null } = error ?? {};
    const alarm = alarms.length > 0 ? 1 : 0;
    rows.push([at / 1000, reference.p10, reference.p90, reference.p50, p10, p90, p50, alarm, Number(model_version)]);
    last = at;
  }
  if (last < end) addGap(end);
  return SERIES.map((_, i) => rows.map((row) => row[i])) as uPlot.AlignedData;
}

function shadeAlarms({ ctx, bbox, data, valToPos }: uPlot, ink: Ink): void {
  const line = 2 * devicePixelRatio;
  for (const [from, to] of alarmSpans(data[0], data[ALARM]!)) {
    const [left, right] = [valToPos(from, 'x', true), valToPos(to, 'x', true)];
    const width = Math.max(2, right - left);
    ctx.fillStyle = ink('alarm-fill');
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = ink('alarm');
    ctx.fillRect(left, bbox.top + bbox.height - line, width, line);
  }
}

/** Draws a line where a new version began to serve. */
function markVersions({ ctx, bbox, data, valToPos }: uPlot, ink: Ink): void {
  const versions = data[VERSION]!;
  ctx.save();
  ctx.strokeStyle = ink('muted');
  ctx.fillStyle = ink('muted');
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  let last: number | null = null;
  versions.forEach((version, i) => {
    if (version == null) return;
    if (last !== null && version !== last) {
      const x = Math.round(valToPos(data[0][i]!, 'x', true));
      ctx.fillRect(x, bbox.top, devicePixelRatio, bbox.height);
      ctx.fillText(`version ${version}`, x + 5 * devicePixelRatio, bbox.top + 3 * devicePixelRatio);
    }
    last = version;
  });
  ctx.restore();
}
