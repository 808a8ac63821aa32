import { type Html, html } from '../../../base/html/html.js';
import { figure, printable } from '../../../base/text/figures.js';
import { linearAxis } from './axis.js';
import { figureOf, round } from './chart.js';

/** The width of the drawing, where bars begin and end, the height of a bar with its gap, and of the axis. */
const [WIDTH, LEFT, RIGHT, STEP, FOOT] = [620, 190, 550, 22, 20];
/** Letters of a name that fit beside its bar. */
const NAME = 26;

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Half the length of its error bar. */
  readonly error?: number;
}

/** Horizontal bars with their names, values and error bars. */
export function barChart(bars: readonly Bar[], label: string, caption: Html): Html {
  const ends = bars.flatMap(({ value, error = 0 }) => [value - error, value + error]);
  const axis = linearAxis(Math.min(0, ...ends), Math.max(0, ...ends));
  const x = (value: number) => round(LEFT + (RIGHT - LEFT) * axis.place(value));
  const height = STEP * bars.length;
  const rows = bars.map(({ name, value, error }, i) => {
    const middle = STEP * i + STEP / 2;
    const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
    return html`<text x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${printable(name, NAME)}</text>
<rect class="area" x="${from}" y="${middle - 7}" width="${Math.max(0.5, round(to - from))}" height="14"><title>${printable(name)}: ${figure(value)}</title></rect>
${error === undefined ? '' : html`<path class="whisker" d="M${x(value - error)} ${middle}H${x(value + error)}"/>`}
<text x="${round(Math.max(to, x(value + (error ?? 0))) + 6)}" y="${middle + 4}">${figure(value)}</text>`;
  });
  const drawing = html`<svg viewBox="0 0 ${WIDTH} ${height + FOOT}" role="img" aria-label="${label}">
${axis.ticks.map((tick) => html`<line class="grid" x1="${x(tick)}" y1="0" x2="${x(tick)}" y2="${height}"/><text x="${x(tick)}" y="${height + 14}" text-anchor="middle">${figure(tick)}</text>`)}
${rows}
<line class="axis" x1="${x(0)}" y1="0" x2="${x(0)}" y2="${height}"/>
</svg>`;
  return html`<div class="wide">${figureOf(drawing, caption)}</div>`;
}
