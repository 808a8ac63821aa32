import { type Html, html } from '../../../base/html/html.js';
import { figure, printable } from '../../../base/text/figures.js';
import { CONFIDENCE, type TargetEvaluation } from '../../evaluation/evaluation.js';
import type { Card } from '../../versions/card.js';
import { type Cell, firstOf, name, section, table, written } from '../parts.js';
import type { ReportInput } from '../report-input.js';

/** Maximum number of targets to list. */
const MAX_TARGETS = 100;

const LEVEL = `${100 * CONFIDENCE} %`;

/** What is measured, and how sure it is. */
export function metrics(input: ReportInput): Html {
  return section(
    'metrics',
    'Metrics',
    html`<p>With the residual, prediction minus true value: <b>RMSE</b> is the root of the mean squared residual, and
weighs large errors most; <b>MAE</b> is the mean size of a residual; <b>bias</b> is the mean residual, above 0 if the model predicts
too much; <b>R²</b> is the share of the variance of the held-out rows that the model explains. All but R² are in the units of the
target.</p>
<p>Intervals have a confidence of ${LEVEL}: of the bias by Student's t, of the others by the delta method on the logarithm, from
the spread of the residuals over the held-out rows. They say how much the figures would differ on as many other rows of the same kind,
and not how much another training would.</p>
`,
    written(input, 'metrics'),
  );
}

/** The errors of each target, with their intervals. */
export function errorTable({ card, evaluation }: ReportInput): Html {
  const byName = new Map(evaluation?.targets.map((target) => [target.name, target.intervals]));
  const { shown, more } = firstOf(card.targets, MAX_TARGETS);
  const ridge = ridgeErrors(card);
  const lines = shown.map((target): Cell[] => {
    const errors = Object.hasOwn(card.metrics.targets, target) ? card.metrics.targets[target] : undefined;
    const interval = byName.get(target);
    return [
      name(target),
      withInterval(errors?.rmse, interval?.rmse),
      withInterval(errors?.mae, interval?.mae),
      withInterval(errors?.bias, interval?.bias),
      withInterval(errors?.r2, interval?.r2),
      ...(ridge ? [figure(ridge.get(target)?.rmse)] : []),
      figure(errors?.baseline_rmse),
    ];
  });
  const head = ['Target', 'RMSE', 'MAE', 'Bias', 'R²', ...(ridge ? ['RMSE of ridge'] : []), 'RMSE of the mean'];
  const caption = `Errors on ${figure(card.metrics.rows)} held-out rows${evaluation ? `, with intervals of ${LEVEL}` : ''}`;
  return html`${table(caption, head, lines, [1, 2, 3, 4, 5, 6])}${more}${
    evaluation ? '' : html`<p class="note">${withoutEvaluation(card.metrics.rows)}</p>\n`
  }${baselineNote(card)}`;
}

/** The errors of a ridge regression, by target, if there is one. */
export function ridgeErrors({ baselines }: Card): ReadonlyMap<string, { readonly rmse: number }> | undefined {
  return baselines?.ridge ? new Map(Object.entries(baselines.ridge.targets)) : undefined;
}

/** What the errors are to be compared with. */
function baselineNote({ baselines }: Card): Html {
  if (!baselines) return html``;
  const { ridge, ridge_unavailable: reason } = baselines;
  return html`<p class="note">${
    ridge
      ? `Ridge: a linear regression on the same encoded columns, fitted to ${figure(ridge.rows)} training rows. `
      : `There is no ridge regression to compare with${reason ? `: ${printable(reason, 200)}` : ''}. `
  }The mean: that of the training rows, for every row. Both were measured on the same held-out rows.</p>\n`;
}

/** Why a version has no intervals and no charts of its errors. */
export function withoutEvaluation(rows: number): string {
  return rows < 20
    ? `${figure(rows)} held-out rows are too few for intervals and charts; it takes 20.`
    : 'This version was trained by an earlier release, which kept no summary for intervals and charts of the errors; a version trained now has one.';
}

export function withInterval(
  value: number | null | undefined,
  interval: TargetEvaluation['intervals']['r2'] | undefined,
): Html | string {
  if (value === null || value === undefined) return '–';
  if (!interval) return figure(value);
  return html`${figure(value)}<br/><small>${figure(interval[0])} to ${figure(interval[1])}</small>`;
}
