import { type Html, html } from '../../../base/html/html.js';
import { counted, figure } from '../../../base/text/figures.js';
import { linearAxis } from './axis.js';
import { chart, round } from './chart.js';

export interface HistogramChartOptions {
  /** Ascending; one more than the counts. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly xLabel: string;
  readonly label: string;
  readonly caption: Html;
}

/** Bars of counts between edges, with a line at 0. */
export function histogramChart({ edges, counts, xLabel, label, caption }: HistogramChartOptions): Html {
  const [low, high] = [edges[0]!, edges.at(-1)!];
  return chart({
    x: linearAxis(low, high),
    y: linearAxis(0, Math.max(1, ...counts)),
    xLabel,
    yLabel: 'rows',
    label,
    caption,
    draw: (plot) => [
      ...counts.map((count, i) => {
        if (count === 0) return html``;
        const [left, right] = [plot.x(edges[i]!), plot.x(edges[i + 1]!)];
        const top = plot.y(count);
        const width = Math.max(0.5, round(right - left - 1));
        return html`<rect class="area" x="${left + 0.5}" y="${top}" width="${width}" height="${round(plot.y(0) - top)}"><title>${figure(edges[i])} to ${figure(edges[i + 1])}: ${counted(count, 'row')}</title></rect>`;
      }),
      low < 0 && high > 0
        ? html`<line class="mark" x1="${plot.x(0)}" y1="${plot.y(0)}" x2="${plot.x(0)}" y2="${plot.y(Math.max(1, ...counts))}"/>`
        : html``,
    ],
  });
}
