import { type Html, html } from '../../../base/html/html.js';
import { figure, printable } from '../../../base/text/figures.js';
import { linearAxis } from './axis.js';
import { figureOf, round } from './chart.js';

/** The width of the drawing, where its plot begins and ends, the height of a row, and of the axis. */
const [WIDTH, LEFT, RIGHT, STEP, FOOT] = [620, 190, 550, 22, 20];
/** Letters of a name that fit beside its bar. */
const NAME = 26;

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Half the length of its error bar. */
  readonly error?: number;
}

export interface BarChartOptions {
  readonly bars: readonly Bar[];
  readonly label: string;
  readonly caption: Html;
  /** Points between the smallest and the largest value, in place of bars from 0. */
  readonly isPoints?: boolean;
}

/** Horizontal bars with their names, values and error bars. */
export function barChart({ bars, label, caption, isPoints = false }: BarChartOptions): Html {
  const ends = bars.flatMap(({ value, error = 0 }) => [value - error, value + error]);
  const origin = isPoints ? [] : [0];
  const axis = linearAxis(Math.min(...origin, ...ends), Math.max(...origin, ...ends));
  const x = (value: number) => round(LEFT + (RIGHT - LEFT) * axis.place(value));
  const height = STEP * bars.length;
  const rows = bars.map(({ name, value, error }, i) => {
    const middle = STEP * i + STEP / 2;
    const shown = html`<title>${printable(name)}: ${figure(value)}</title>`;
    const [from, to] = isPoints ? [x(value), x(value)] : [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
    return html`<text x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${printable(name, NAME)}</text>
${
  isPoints
    ? html`<circle class="area" cx="${from}" cy="${middle}" r="5">${shown}</circle>`
    : html`<rect class="area" x="${from}" y="${middle - 7}" width="${Math.max(0.5, round(to - from))}" height="14">${shown}</rect>`
}
${error === undefined ? '' : html`<path class="whisker" d="M${x(value - error)} ${middle}H${x(value + error)}"/>`}
<text x="${round(Math.max(to, x(value + (error ?? 0))) + (isPoints ? 10 : 6))}" y="${middle + 4}">${figure(value)}</text>
`;
  });
  const ticks = axis.ticks.map(
    (tick) => html`<line class="grid" x1="${x(tick)}" y1="0" x2="${x(tick)}" y2="${height}"/>
<text x="${x(tick)}" y="${height + 14}" text-anchor="middle">${figure(tick)}</text>
`,
  );
  const zero = isPoints ? '' : html`<line class="axis" x1="${x(0)}" y1="0" x2="${x(0)}" y2="${height}"/>\n`;
  const drawing = html`<svg viewBox="0 0 ${WIDTH} ${height + FOOT}" role="img" aria-label="${label}">
${ticks}${rows}${zero}</svg>`;
  return html`<div class="wide">${figureOf(drawing, caption)}</div>
`;
}
