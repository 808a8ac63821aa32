import { type Html, html } from '../../../base/html/html.js';
import { figure, percent, printable } from '../../../base/text/figures.js';
import { MIN_COUNT, PROBABILITIES, type TargetEvaluation } from '../../evaluation/evaluation.js';
import { heatMap } from '../charts/heat-map.js';
import { histogramChart } from '../charts/histogram-chart.js';
import { type Cell, firstOf, name, table } from '../parts.js';
import type { ReportInput } from '../report-input.js';

/** Maximum number of targets with charts. */
const MAX_TARGETS = 8;

/** Predicted against true and residuals of each target, of a version that has an evaluation. */
export function residualCharts({ evaluation, card }: ReportInput): Html {
  if (!evaluation) return html``;
  const { shown, more } = firstOf(evaluation.targets, MAX_TARGETS);
  return html`<h3>Predicted against true, and residuals</h3>
<p>Counts of fewer than ${MIN_COUNT} rows are not shown, and all bounds are round numbers, so that no row can be recognised.</p>
${shown.map((target) => chartsOf(target, card.targets.length > 1))}${more}`;
}

function chartsOf(target: TargetEvaluation, isOneOfMany: boolean): Html {
  const { name: of, scale, predicted_true: both, residuals, groups } = target;
  const rows = residuals.counts.reduce((sum, count) => sum + count, residuals.hidden);
  const inside = both.counts.reduce((sum, count) => sum + count, 0);
  return html`${isOneOfMany ? html`<h4>${name(of)}</h4>\n` : ''}<div class="charts">
${heatMap({
  ...both,
  scale,
  xLabel: 'predicted',
  yLabel: 'true',
  label: `Predicted against true ${printable(of, 60)}: ${percent(nearDiagonal(both))} of the rows that are shown are within one step of the diagonal, on which predictions are right.`,
  caption: html`Predicted against true ${name(of)}. The darker, the more rows; on the dashed line, predictions are right.${
    scale === 'log1p' ? ' Both axes are logarithmic, as the model learns the target.' : ''
  } ${hiddenNote(rows - inside, rows)}`,
})}
${histogramChart({
  ...residuals,
  xLabel: 'prediction − true value',
  label: `Histogram of the residuals of ${printable(of, 60)}, from ${figure(residuals.edges[0])} to ${figure(residuals.edges.at(-1))}.`,
  caption: html`Residuals of ${name(of)}. The outermost bars also count what is beyond them. ${hiddenNote(residuals.hidden, rows)}`,
})}
</div>
${groups.length > 0 ? groupTable(of, groups) : ''}`;
}

/** Quantiles of the residuals by prediction: whether the errors grow with it, and where the model predicts too much. */
function groupTable(of: string, groups: TargetEvaluation['groups']): Html {
  const head = ['Prediction', 'Rows', ...PROBABILITIES.map((p) => (p === 0.5 ? 'median' : `${100 * p} %`))];
  const lines = groups.map(({ rows, quantiles, ...group }): Cell[] => [
    rangeOf(group),
    figure(rows),
    ...quantiles.map((value) => figure(value)),
  ]);
  return table(`Quantiles of the residuals of ${printable(of, 60)}, by prediction`, head, lines, [1, 2, 3, 4, 5, 6]);
}

/** The predictions of a group, in words. */
export function rangeOf({ from, to }: Pick<TargetEvaluation['groups'][number], 'from' | 'to'>): string {
  if (from === null) return to === null ? 'all' : `below ${figure(to)}`;
  return to === null ? `from ${figure(from)}` : `${figure(from)} to ${figure(to)}`;
}

function hiddenNote(hidden: number, rows: number): string {
  return hidden > 0 ? `${figure(hidden)} of ${figure(rows)} rows are in cells with too few to show.` : '';
}

/** Share of the rows shown whose cells touch the diagonal, or one that does. */
function nearDiagonal({ edges, counts }: TargetEvaluation['predicted_true']): number {
  const bins = edges.length - 1;
  const near = counts.filter((_, at) => Math.abs(Math.floor(at / bins) - (at % bins)) <= 1);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return sum(near) / Math.max(1, sum(counts));
}
