import { type Html, html } from '../../../base/html/html.js';
import { linearAxis, logAxis, timeAxis } from './axis.js';
import { chart, key } from './chart.js';

export interface Series {
  readonly name: string;
  /** One of the styles `first`, `second` and `third`. */
  readonly style: 'first' | 'second' | 'third';
  /** Pairs of x and y, by x. */
  readonly points: readonly (readonly [number, number])[];
}

export interface LineChartOptions {
  readonly series: readonly Series[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly label: string;
  readonly caption: Html;
  /** Whether equal ratios of y are equally long; needs values above 0. */
  readonly isLog?: boolean;
  /** Whether x is a time, in milliseconds since 1970. */
  readonly isTime?: boolean;
  /** An x to mark with a vertical line. */
  readonly mark?: number;
}

/** Lines over a common axis, with their key in the caption. There is at least one point. */
export function lineChart({ series, xLabel, yLabel, label, caption, isLog, isTime, mark }: LineChartOptions): Html {
  const points = series.flatMap((each) => each.points);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const margin = (high - low) * 0.05;
  const y = isLog && low > 0 ? logAxis(low / 1.1, high * 1.1) : linearAxis(low - margin, high + margin);
  return chart({
    x: (isTime ? timeAxis : linearAxis)(Math.min(...xs), Math.max(...xs)),
    y,
    xLabel,
    yLabel,
    label,
    caption: html`${series.length > 1 ? series.map(({ name, style }) => key('line', style, name)) : ''}${caption}`,
    draw: (plot) => [
      mark === undefined
        ? html``
        : html`<line class="mark" x1="${plot.x(mark)}" y1="${plot.y(y.low)}" x2="${plot.x(mark)}" y2="${plot.y(y.high)}"/>`,
      ...series.map(({ style, points: drawn }) =>
        drawn.length === 1
          ? html`<circle class="point ${style}" cx="${plot.x(drawn[0]![0])}" cy="${plot.y(drawn[0]![1])}" r="3"/>`
          : html`<path class="${style}" d="${drawn.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${plot.x(a)} ${plot.y(b)}`).join('')}"/>`,
      ),
    ],
  });
}
