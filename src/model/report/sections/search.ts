import { type Html, html } from '../../../base/html/html.js';
import { counted, figure, printable, seconds } from '../../../base/text/figures.js';
import type { Search, TrialReport } from '../../versions/search.js';
import { type Cell, table } from '../parts.js';
import type { ReportInput } from '../report-input.js';

const STATES: Readonly<Record<TrialReport['state'], string>> = {
  running: 'not ended',
  dropped: 'others were better',
  finished: 'compared to the end',
  failed: 'failed',
  unfinished: 'the time was over',
};

/** How the options of the training were found. */
export function search({ card: { search: found } }: ReportInput): Html | null {
  if (!found) return null;
  const { reason, folds, rows, tried, trials, state } = found;
  if (state === 'skipped') return html`<h3>Search</h3>\n<p>There was no search: ${printable(reason, 400)}</p>\n`;
  return html`<h3>Search</h3>
<p>${counted(tried, 'configuration')} of the options were compared in ${seconds(found.seconds)}, ${
    folds > 1 ? `by cross-validation with ${figure(folds)} folds` : 'by a split'
  } of ${counted(rows, 'training row')}. The held-out rows had no part in it. ${printable(reason, 400)}</p>
${trials.length > 0 ? trialTable(found) : ''}`;
}

function trialTable({ trials, chosen, tried }: Search): Html {
  const lines = trials.map(({ trial, options, error, standard_error, state }): Cell[] => [
    `${trial}${trial === chosen ? ' (chosen)' : ''}`,
    error === null ? '–' : `${figure(error)}${standard_error === null ? '' : ` ± ${figure(standard_error, 2)}`}`,
    figure(options.learning_rate),
    figure(options.batch_size),
    options.hidden.join(' × '),
    figure(options.weight_decay),
    options.target_transform,
    STATES[state],
  ]);
  const head = ['Trial', 'Error', 'Learning rate', 'Batch', 'Units', 'Weight decay', 'Transform', 'Outcome'];
  const left = tried - trials.length;
  return html`${table('Trials: error in standard deviations, with its standard error', head, lines, [1, 2, 3, 5])}${
    left > 0 ? html`<p class="note">${counted(left, 'worse trial')} ${left === 1 ? 'is' : 'are'} left out.</p>\n` : ''
  }`;
}
