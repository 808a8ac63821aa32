import { type Html, html } from '../../../base/html/html.js';
import { counted, figure } from '../../../base/text/figures.js';
import { linearAxis, log1pAxis } from './axis.js';
import { chart, round } from './chart.js';

/** The faintest cell that is drawn, of 1. */
const FAINTEST = 0.12;

export interface HeatMapOptions {
  /** Of both axes, ascending. */
  readonly edges: readonly number[];
  /** `[x, y]`, flat. */
  readonly counts: readonly number[];
  readonly scale: 'linear' | 'log1p';
  readonly xLabel: string;
  readonly yLabel: string;
  readonly label: string;
  readonly caption: Html;
}

/** Counts of cells between the same edges on both axes, the darker the more, with the diagonal. */
export function heatMap({ edges, counts, scale, xLabel, yLabel, label, caption }: HeatMapOptions): Html {
  const [low, high] = [edges[0]!, edges.at(-1)!];
  const axis = scale === 'log1p' && low > -1 ? log1pAxis(low, high, edges) : linearAxis(low, high);
  const bins = edges.length - 1;
  const most = Math.max(1, ...counts);
  const range = (i: number) => `${figure(edges[i])} to ${figure(edges[i + 1])}`;
  return chart({
    x: axis,
    y: axis,
    xLabel,
    yLabel,
    label,
    caption,
    draw: (plot) => [
      ...counts.map((count, at) => {
        if (count === 0) return html``;
        const [i, j] = [Math.floor(at / bins), at % bins];
        const [left, top] = [plot.x(edges[i]!), plot.y(edges[j + 1]!)];
        const [width, height] = [round(plot.x(edges[i + 1]!) - left), round(plot.y(edges[j]!) - top)];
        const opacity = round(10 * (FAINTEST + (1 - FAINTEST) * Math.sqrt(count / most))) / 10;
        return html`<rect class="area" fill-opacity="${opacity}" x="${left}" y="${top}" width="${width}" height="${height}"><title>predicted ${range(i)}, true ${range(j)}: ${counted(count, 'row')}</title></rect>`;
      }),
      html`<line class="mark" x1="${plot.x(low)}" y1="${plot.y(low)}" x2="${plot.x(high)}" y2="${plot.y(high)}"/>`,
    ],
  });
}
