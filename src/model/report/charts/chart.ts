import { type Html, html } from '../../../base/html/html.js';
import type { Axis } from './axis.js';

/** The size of a chart, and the margins around its plot, in the units of the drawing. */
const [WIDTH, HEIGHT] = [400, 270];
const MARGIN = { top: 8, right: 14, bottom: 40, left: 56 };

/** The area in which values are drawn. */
export interface Plot {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

export interface ChartOptions {
  readonly x: Axis;
  readonly y: Axis;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Text alternative for screen readers: what the chart shows. */
  readonly label: string;
  readonly caption: Html;
  /** Draws the values. */
  readonly draw: (plot: Plot) => Html | readonly Html[];
}

/** A drawing with two axes, and its caption below. */
export function chart({ x, y, xLabel, yLabel, label, caption, draw }: ChartOptions): Html {
  const { top, right, bottom, left } = MARGIN;
  const [width, height] = [WIDTH - left - right, HEIGHT - top - bottom];
  const plot: Plot = {
    x: (value) => round(left + width * x.place(value)),
    y: (value) => round(top + height * (1 - y.place(value))),
  };
  const base = top + height;
  const columns = x.ticks.map(
    (tick) => html`<line class="grid" x1="${plot.x(tick)}" y1="${top}" x2="${plot.x(tick)}" y2="${base}"/>
<text x="${plot.x(tick)}" y="${base + 15}" text-anchor="middle">${x.text(tick)}</text>`,
  );
  const rows = y.ticks.map(
    (tick) => html`<line class="grid" x1="${left}" y1="${plot.y(tick)}" x2="${left + width}" y2="${plot.y(tick)}"/>
<text x="${left - 6}" y="${plot.y(tick) + 4}" text-anchor="end">${y.text(tick)}</text>`,
  );
  const middle = top + height / 2;
  return figureOf(
    html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${columns}${rows}
${draw(plot)}
<line class="axis" x1="${left}" y1="${base}" x2="${left + width}" y2="${base}"/>
<text class="label" x="${left + width / 2}" y="${HEIGHT - 6}" text-anchor="middle">${xLabel}</text>
<text class="label" x="12" y="${middle}" text-anchor="middle" transform="rotate(-90 12 ${middle})">${yLabel}</text>
</svg>`,
    caption,
  );
}

export function figureOf(drawing: Html, caption: Html): Html {
  return html`<figure>${drawing}
<figcaption>${caption}</figcaption></figure>`;
}

/** The key to a colour, for a caption. */
export function key(kind: 'line' | 'area', className: string, text: string): Html {
  return html`<span class="key"><svg viewBox="0 0 16 10" width="16" height="10" aria-hidden="true">${
    kind === 'line'
      ? html`<path class="${className}" d="M0 5H16"/>`
      : html`<rect class="${className}" width="16" height="10"/>`
  }</svg> ${text}</span> `;
}

/** Rounds to a tenth of a unit of the drawing. */
export function round(value: number): number {
  return Math.round(10 * value) / 10;
}
