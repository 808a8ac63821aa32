import type { ColumnReport } from '../../../drift/monitor/column-report.js';
import { figure } from '../../terminal/text-table.js';
import { changeOf, type DriftResult, share, VERDICTS } from './drift-text.js';

/** Size of a histogram, in pixels. */
const [WIDTH, HEIGHT] = [220, 60];
/** Bins that a histogram shows; those of a category are sorted by size. */
const MAX_BINS = 40;

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1d2330; background: #fff }
h1 { font-size: 1.4rem } .verdict { font-size: 1.2rem; font-weight: 600; padding: .6rem 1rem; border-radius: .4rem; background: #e8f3ea }
.verdict.drift { background: #fbe6e3 } .verdict.cannot_tell, .verdict.too_few_rows { background: #fdf3d8 }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #d8dce5; vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums } tr.detected td:first-child { font-weight: 600 }
.before { fill: #9aa7bd } .now { fill: #d4572f; fill-opacity: .65 } small { color: #5a6478 }
@media (prefers-color-scheme: dark) { body { color: #e4e8f0; background: #151922 } .verdict { background: #1e3a26 } .verdict.drift { background: #4a221b }
.verdict.cannot_tell, .verdict.too_few_rows { background: #453a17 } th, td { border-color: #333b4c } small { color: #9aa7bd } }
`;

/** A web page without scripts and without other files: the verdict, the alarms, and each column with its distribution. */
export function htmlReport(result: DriftResult): string {
  const { verdict, rows, file, model, baseline_rows, alarms, columns, unreadable, unreadable_reason } = result;
  const found = alarms.map(({ group, row, evidence }) => {
    const causes = evidence?.columns.map(({ name, words }) => `${text(name)}: ${text(words)}`).join('; ');
    return `<li>${text(group.replaceAll('_', ' '))}, by row ${row}${causes ? ` – ${causes}` : ''}</li>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Drift of ${text(file)}</title>
<style>${STYLE}</style>
<h1>${text(file)} against ${text(model)}</h1>
<p class="verdict ${verdict}">${text(VERDICTS[verdict])}</p>
<p>${rows} rows, compared with ${baseline_rows} rows that the training held out.
${unreadable > 0 ? `${unreadable} rows could not be read; the first: ${text(unreadable_reason ?? '')}` : ''}</p>
${found.length > 0 ? `<h2>Alarms</h2>\n<ul>${found.join('\n')}</ul>` : ''}
<h2>Columns</h2>
<p><svg width="12" height="12"><rect class="before" width="12" height="12"/></svg> held-out rows
<svg width="12" height="12"><rect class="now" width="12" height="12"/></svg> this file.
<small>The score is -log10 of the smallest p-value of a column's tests; PSI is the population stability index.</small></p>
<table>
<tr><th>column<th>distribution<th class="number">score (limit)<th class="number">PSI<th class="number">missing<th>what changed
${columns.map(row).join('\n')}
</table>
</html>
`;
}

function row(column: ColumnReport): string {
  const { name, kind, detected, score, threshold, psi, missing } = column;
  const label = kind === 'output' ? `${text(name)} <small>(prediction)</small>` : text(name);
  return `<tr${detected ? ' class="detected"' : ''}><td>${label}<td>${histogram(column)}<td class="number">${figure(score)} (${figure(threshold)})<td class="number">${figure(psi)}<td class="number">${share(missing)}<td>${detected ? text(changeOf(column) || 'its distribution') : text(column.words)}`;
}

/** Two histograms over each other, as shares of their rows. */
function histogram({ reference, recent, levels, name }: ColumnReport): string {
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0) || 1;
  const [before, now] = [sum(reference), sum(recent)];
  const bins = reference.slice(0, MAX_BINS).map((count, i) => [count / before, (recent[i] ?? 0) / now] as const);
  if (bins.length === 0) return '';
  const top = Math.max(...bins.flat()) || 1;
  const step = WIDTH / bins.length;
  const bar = (kind: string, share: number, i: number) => {
    const height = (HEIGHT * share) / top;
    return `<rect class="${kind}" x="${(i * step).toFixed(1)}" y="${(HEIGHT - height).toFixed(1)}" width="${Math.max(1, step - 1).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  };
  const bars = bins.map(([a, b], i) => {
    const level = levels?.[i];
    const title = `${level === undefined ? '' : `${level}: `}${share(a)} before, ${share(b)} now`;
    return `<g><title>${text(title)}</title>${bar('before', a, i)}${bar('now', b, i)}</g>`;
  });
  return `<svg width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="distribution of ${text(name)}">${bars.join('')}</svg>`;
}

/** Escapes a text from a file. */
function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
