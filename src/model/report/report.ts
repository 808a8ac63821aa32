import { createHash } from 'node:crypto';
import { Html, html } from '../../base/html/html.js';
import { name, section } from './parts.js';
import type { ReportInput } from './report-input.js';
import { caveats, ethics } from './sections/caveats.js';
import { coverage } from './sections/coverage.js';
import { evaluationData, trainingData } from './sections/data.js';
import { decision } from './sections/decision.js';
import { details, factors, intendedUse, time, title } from './sections/details.js';
import { errorTable, metrics } from './sections/errors.js';
import { importance } from './sections/importance.js';
import { monitoring } from './sections/monitoring.js';
import { residualCharts } from './sections/residuals.js';
import { summary } from './sections/summary.js';
import { training } from './sections/training.js';
import { STYLE } from './style.js';

/** What a browser may do with a report: apply its own style, and nothing else. */
export const REPORT_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

const CONTENTS = {
  details: 'Model details',
  use: 'Intended use',
  factors: 'Factors',
  metrics: 'Metrics',
  'evaluation-data': 'Evaluation data',
  'training-data': 'Training data',
  analyses: 'Quantitative analyses',
  training: 'Training',
  decision: 'Release decision',
  monitoring: 'Monitoring',
  ethics: 'Ethical considerations',
  caveats: 'Caveats and recommendations',
};

/**
 * Returns a report of a version, as a web page in one file without scripts: a model card (Mitchell et al., 2019,
 * https://arxiv.org/abs/1810.03993), whose sections that only people can fill are the annotations, or marked as open.
 */
export function makeReport(input: ReportInput): string {
  const { version, annotations, at, card } = input;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${REPORT_POLICY}"/>
<meta name="viewport" content="width=device-width"/>
<meta name="color-scheme" content="light dark"/>
<title>${title(input)}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<p class="kind">Model report</p>
<h1>${name(input.name)}${version === null ? '' : `, version ${version}`}</h1>
${annotations.description === null ? '' : html`<p class="lead">${name(annotations.description, 300)}</p>`}
${summary(input)}
<nav aria-label="Contents"><ol>
${Object.entries(CONTENTS).map(([id, label]) => html`<li><a href="#${id}">${label}</a></li>\n`)}</ol></nav>
</header>
<main>
${details(input)}${intendedUse(input)}${factors(input)}${metrics(input)}${evaluationData(input)}${trainingData(input)}${section(
  'analyses',
  'Quantitative analyses',
  errorTable(input),
  residualCharts(input),
  coverage(input),
  importance(input),
)}${training(input)}${decision(input)}${monitoring(input)}${ethics(input)}${caveats(input)}</main>
<footer>
<p>Made ${time(at.toISOString())} from the files of the version created ${time(card.created_at)}. The headings are those of Mitchell
et al., <cite>Model Cards for Model Reporting</cite>, 2019.</p>
</footer>
</body>
</html>
`.text;
}
