import { type Html, html } from '../../../base/html/html.js';
import { figure } from '../../../base/text/figures.js';
import { name } from '../parts.js';
import type { ReportInput } from '../report-input.js';
import { withInterval } from './errors.js';

/** Maximum number of targets in the summary. */
const MAX_TARGETS = 3;

const DECISIONS = { promoted: 'promoted', refused: 'refused', not_asked: 'not asked' } as const;

/** The figures that a reader looks for first. */
export function summary({ card, evaluation }: ReportInput): Html {
  const { targets, metrics, data, gate } = card;
  const tiles = targets.slice(0, MAX_TARGETS).map((target) => {
    const errors = Object.hasOwn(metrics.targets, target) ? metrics.targets[target] : undefined;
    const interval = evaluation?.targets.find((each) => each.name === target)?.intervals;
    return html`<div><dt>RMSE of ${name(target, 24)}</dt><dd>${withInterval(errors?.rmse, interval?.rmse)}</dd></div>
${targets.length > 1 ? '' : html`<div><dt>R²</dt><dd>${withInterval(errors?.r2, interval?.r2)}</dd></div>\n`}`;
  });
  return html`<dl class="tiles">
${tiles}<div><dt>Rows</dt><dd>${figure(data.rows)} <small>${figure(metrics.rows)} held out for the errors</small></dd></div>
${gate ? html`<div><dt>Gate</dt><dd>${DECISIONS[gate.decision]}</dd></div>\n` : ''}</dl>
`;
}
