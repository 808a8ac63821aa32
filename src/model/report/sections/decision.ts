import { type Html, html } from '../../../base/html/html.js';
import { figure, percent, printable } from '../../../base/text/figures.js';
import { facts, section } from '../parts.js';
import type { ReportInput } from '../report-input.js';

const DECISIONS = {
  promoted: 'The gate let the version serve',
  refused: 'The gate refused the version',
  not_asked: 'The gate was not asked',
} as const;

/** Whether the version was allowed to serve, and why. */
export function decision({ card: { gate, targets } }: ReportInput): Html {
  if (!gate) {
    return section('decision', 'Release decision', html`<p>The card has no decision of the gate.</p>\n`);
  }
  const unit = targets.length > 1 ? ', in standard deviations' : '';
  return section(
    'decision',
    'Release decision',
    html`<p class="verdict ${gate.decision}"><strong>${DECISIONS[gate.decision]}.</strong> ${printable(gate.reason, 1000)}</p>\n`,
    ...(gate.warnings ?? []).map((warning) => html`<p class="warning">${printable(warning, 1000)}</p>\n`),
    facts([
      [`RMSE of this version${unit}`, figure(gate.candidate)],
      [
        `RMSE of ${gate.serving_version === null ? 'the mean of the training rows' : `version ${printable(gate.serving_version, 20)}, which served`}`,
        figure(gate.serving),
      ],
      ['How much worse it may be', percent(gate.tolerance)],
      ['p-value', gate.p_value === null ? 'too few rows for a test' : figure(gate.p_value)],
      ['Held-out rows', figure(gate.rows)],
    ]),
  );
}
