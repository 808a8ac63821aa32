import { type Html, html } from '../../../base/html/html.js';
import { counted, figure, printable } from '../../../base/text/figures.js';
import { readTime } from '../../columns/times.js';
import type { Importance, PartialDependence } from '../../versions/importance.js';
import { barChart } from '../charts/bar-chart.js';
import { lineChart } from '../charts/line-chart.js';
import { name } from '../parts.js';
import type { ReportInput } from '../report-input.js';

/** Maximum number of columns with a bar, and of targets with a chart of partial dependence. */
const MAX_BARS = 20;
const MAX_TARGETS = 2;

/** Standard errors on either side of a bar's end: an interval of 95 %. */
const STANDARD_ERRORS = 1.96;

/** Which columns matter, and how the prediction depends on the first of them. */
export function importance({ card }: ReportInput): Html {
  const { importance: found, partial_dependence: dependences = [], targets } = card;
  if (!found) return html`<h3>Importance of the columns</h3>\n<p class="note">The card of this version has none.</p>\n`;
  return html`<h3>Importance of the columns</h3>
${bars(found, targets.length > 1)}
${
  dependences.length > 0
    ? html`<h3>Partial dependence</h3>
<p>The mean prediction as one column takes different values and all others remain as they are. Where columns go together, some of
these rows are ones that never occur.</p>
<div class="charts">${dependences.flatMap((dependence) => charts(dependence, card))}</div>\n`
    : ''
}`;
}

function bars({ columns, rows, repeats, rmse, unlisted }: Importance, isOfMany: boolean): Html {
  const shown = columns.slice(0, MAX_BARS);
  const left = columns.length - shown.length + unlisted;
  const unit = isOfMany ? ' (in standard deviations, over all targets)' : '';
  return barChart({
    bars: shown.map((column) => ({
      name: column.name,
      value: column.increase,
      error: STANDARD_ERRORS * column.standard_error,
    })),
    label: `Bars of the importance of ${counted(shown.length, 'column')}: ${shown
      .slice(0, 3)
      .map((column) => `${printable(column.name, 40)} ${figure(column.increase)}`)
      .join(', ')}${shown.length > 3 ? ' and so on' : ''}.`,
    caption: html`Increase of the RMSE${unit}, which is ${figure(rmse)}, when the values of a column are shuffled among
${counted(rows, 'held-out row')}: the mean of ${counted(repeats, 'shuffle')}, with an interval of 95 %. ${
      left > 0 ? `${counted(left, 'column')} of less importance are left out.` : ''
    }`,
  });
}

function charts(dependence: PartialDependence, { targets, columns, features }: ReportInput['card']): Html[] {
  const { column } = dependence;
  const type = columns?.[features.indexOf(column)]?.type ?? 'number';
  return targets.slice(0, MAX_TARGETS).map((target, j) => {
    const points = dependence.values.map((value, i) => [value, dependence.predictions[i]![j]!] as const);
    const label = `Mean prediction of ${printable(target, 40)} by ${printable(column, 40)}.`;
    const caption = html`${name(target)} by ${name(column)}. ${
      dependence.unlisted > 0 ? `${counted(dependence.unlisted, 'less frequent level')} are left out.` : ''
    }`;
    const isTime = type === 'timestamp';
    const placed = points
      .filter(([value]) => value !== null)
      .map(([value, prediction]) => [isTime ? readTime(String(value)) : Number(value), prediction] as const);
    if ((type !== 'number' && !isTime) || placed.length < 2) {
      const named = points.map(([value, prediction]) => ({
        name: value === null ? 'missing' : String(value),
        value: prediction,
      }));
      return barChart({ bars: named, label, caption, isPoints: true });
    }
    const missing = points.find(([value]) => value === null)?.[1];
    return lineChart({
      series: [{ name: 'mean prediction', style: 'first', points: placed }],
      isTime,
      xLabel: printable(column, 40),
      yLabel: 'mean prediction',
      label,
      caption: html`${caption}${missing === undefined ? '' : ` Where it is missing: ${figure(missing)}.`}`,
    });
  });
}
