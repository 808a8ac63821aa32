import { type Html, html } from '../../../base/html/html.js';
import { counted, figure } from '../../../base/text/figures.js';
import { section } from '../parts.js';
import type { ReportInput } from '../report-input.js';

/** Baseline rows below which drift is seen late. */
const RECOMMENDED_ROWS = 1000;

/** What is watched in production. */
export function monitoring({ card: { baseline, features, targets } }: ReportInput): Html {
  if (!baseline) {
    return section(
      'monitoring',
      'Monitoring',
      html`<p>The version has no baseline, so drift is not watched while it serves.</p>\n`,
    );
  }
  return section(
    'monitoring',
    'Monitoring',
    html`<p>While the version serves, its traffic is compared with a summary of ${counted(baseline.rows, 'held-out row')}:
the distributions of ${counted(features.length, 'column')} and of ${counted(targets.length, 'prediction')}, the reconstruction
error, and ${baseline.conditional ? 'how the columns depend on each other' : 'not how the columns depend on each other, for want of rows'}.</p>
${baseline.rows < RECOMMENDED_ROWS ? html`<p class="warning">${figure(baseline.rows)} rows make a coarse baseline: small changes are found late. ${figure(RECOMMENDED_ROWS)} are recommended.</p>\n` : ''}`,
  );
}
