import { type Html, html } from '../../../base/html/html.js';
import { figure, percent, printable } from '../../../base/text/figures.js';
import type { TargetEvaluation } from '../../evaluation/evaluation.js';
import { type Cell, firstOf, table } from '../parts.js';
import type { ReportInput } from '../report-input.js';
import { rangeOf } from './residuals.js';

/** Maximum number of targets to list, and levels whose rows are named. */
const MAX_TARGETS = 8;
const LEVELS = [0.5, 0.8, 0.9, 0.95, 0.99];

/** What the prediction intervals of the version are made of, and which targets they contain. */
export function coverage({ card, evaluation }: ReportInput): Html {
  const { intervals } = card;
  if (!intervals) {
    return html`<h3>Prediction intervals</h3>\n<p class="note">This version has none; one that is trained now has.</p>\n`;
  }
  const available = LEVELS.filter((level) => level / (1 - level) <= intervals.rows + 1e-9);
  const targets = evaluation?.targets.filter((target) => target.coverage) ?? [];
  const { shown, more } = firstOf(targets, MAX_TARGETS);
  return html`<h3>Prediction intervals</h3>
<p>By conformal prediction: ${figure(intervals.rows)} rows to which the model was not fitted, and by which its training was not
stopped, say how far a target is from its prediction. Of new rows like them, the share that is asked for lies in the intervals.
${
  available.length > 0
    ? `These rows are enough for levels up to ${percent(available.at(-1)!)}.`
    : 'These rows are too few for any interval.'
}</p>
${shown.map(coverageTable)}${more}${
  shown.length > 0
    ? html`<p class="note">Measured on the held-out rows, which have a part in the calibration: over all of them, the share is what was asked for
by construction. Whether it is so for low and for high predictions, too, is what the rows of the table show.</p>\n`
    : ''
}`;
}

function coverageTable({ name: of, groups, interval_level: level, coverage: all }: TargetEvaluation): Html {
  const line = (label: string, rows: number | null, each: TargetEvaluation['coverage']): Cell[] => [
    label,
    rows === null ? null : figure(rows),
    each ? percent(each.share) : null,
    each ? figure(each.width) : null,
  ];
  const lines = groups.map((group) => line(rangeOf(group), group.rows, group.coverage));
  const caption = `Intervals of ${percent(level ?? 0)} for ${printable(of, 60)}, by prediction`;
  return table(
    caption,
    ['Prediction', 'Rows', 'Targets inside', 'Median width'],
    [...lines, line('all rows', null, all)],
    [1, 2, 3],
  );
}
