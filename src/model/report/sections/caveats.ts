import { type Html, html } from '../../../base/html/html.js';
import { counted, figure, percent } from '../../../base/text/figures.js';
import { name, section, written } from '../parts.js';
import type { ReportInput } from '../report-input.js';
import { ridgeErrors } from './errors.js';

/** Held-out rows below which the errors are rough. */
const FEW_ROWS = 100;
/** Share of missing cells from which a column is named, and maximum number of columns that are. */
const MANY_MISSING = 0.2;
const MAX_NAMED = 10;

export function ethics(input: ReportInput): Html {
  return section(
    'ethics',
    'Ethical considerations',
    html`<p>The card, the baseline and this report are summaries and contain no row of the data. Names of columns, levels of
categories and ranges of values are part of the version.</p>\n`,
    written(input, 'ethical_considerations', false),
  );
}

/** What the figures show of the model's limits, and what people add. */
export function caveats(input: ReportInput): Html {
  return section(
    'caveats',
    'Caveats and recommendations',
    html`<ul>
${foundIn(input).map((caveat) => html`<li>${caveat}</li>\n`)}</ul>
`,
    written(input, 'caveats'),
  );
}

function foundIn({ card, evaluation, isUpload }: ReportInput): Html[] {
  const { metrics, data, features, targets } = card;
  const rows = data.rows + data.dropped;
  const gappy = features.filter(
    (feature) => Object.hasOwn(data.missing, feature) && data.missing[feature]! > MANY_MISSING * rows,
  );
  const useless = (evaluation?.targets ?? []).filter(({ intervals: { r2 } }) => r2 && r2[0]! <= 0);
  const ridge = ridgeErrors(card);
  const linear = targets.filter((target) => {
    const [own, other] = [metrics.targets[target]?.rmse, ridge?.get(target)?.rmse];
    return own !== undefined && other !== undefined && own > other;
  });
  return [
    metrics.rows < FEW_ROWS && html`The errors are rough: they were measured on ${counted(metrics.rows, 'row')} only.`,
    useless.length > 0 &&
      html`The held-out rows do not show that the model predicts ${list(useless.map((each) => each.name))} better than the mean does.`,
    linear.length > 0 && html`A linear (ridge) regression predicts ${list(linear)} better than this model does.`,
    gappy.length > 0 && html`More than ${percent(MANY_MISSING)} of the values of ${list(gappy)} were missing.`,
    isUpload === true &&
      html`The version was uploaded. Its figures are those of the archive, and were not measured here.`,
    isBounded(card) &&
      html`Values far beyond the range of the training count as if they were near its end: the model hardly extrapolates.`,
    html`The errors are those of rows like the ${figure(data.rows)} of the table. Whether other rows are like them is what
<a href="#monitoring">monitoring</a> watches.`,
    targets.length > 1 &&
      html`The ${figure(targets.length)} targets are predicted by one network, and share its capacity.`,
  ].filter((caveat) => caveat !== false);
}

/** Whether the model bounds what it reads; versions of earlier releases do not. */
function isBounded({ scalers, columns }: ReportInput['card']): boolean {
  const encodings = columns?.map(({ encoding }) => encoding) ?? [];
  return scalers.features.range !== undefined || encodings.some((encoding) => 'range' in encoding && encoding.range);
}

function list(names: readonly string[]): Html {
  const more = names.length - MAX_NAMED;
  return html`${names.slice(0, MAX_NAMED).map((each, i) => html`${i > 0 ? ', ' : ''}${name(each)}`)}${more > 0 ? ` and ${figure(more)} more` : ''}`;
}
