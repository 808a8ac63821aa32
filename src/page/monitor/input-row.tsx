import { useState } from 'preact/hooks';
import type { Column } from '../client/api.js';
import { figure, percent, unbroken } from '../parts/format.js';
import { BinTable, Histogram } from '../parts/histogram.js';
import { Name } from '../parts/name.js';

/** A row for a feature or prediction, which expands to all figures. */
export function InputRow({ column, canTell }: { column: Column; canTell: boolean }) {
  const [open, setOpen] = useState(false);
  const { name, kind, detected, score, threshold, words } = column;
  const changed = detected || words !== '';
  return (
    <>
      <tr class={changed ? 'raised' : undefined}>
        <th scope="row">
          <button type="button" class="expand" aria-expanded={open} onClick={() => setOpen(!open)}>
            <span class="chevron" aria-hidden="true" />
            <span>
              <Name of={name} max={80} />
              {kind === 'output' ? <small> prediction</small> : null}
            </span>
          </button>
        </th>
        <td>
          <Histogram reference={column.reference} recent={column.recent} />
        </td>
        <td>
          <Evidence score={score} threshold={threshold} />
        </td>
        <td class="words">
          {changed ? (
            <>
              <span class="mark" aria-hidden="true">
                ▲{' '}
              </span>
              {unbroken(words) || 'changed'}
            </>
          ) : (
            <span class="faint">{score === null ? 'not tested yet' : canTell ? 'no change' : 'cannot be decided'}</span>
          )}
        </td>
      </tr>
      {open ? (
        <tr class="more">
          <td colSpan={4}>
            <Details column={column} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** Position of the threshold, as a share of the bar. Evidence of 1.67 times the threshold or more fills the bar. */
const THRESHOLD_MARK = 0.6;

function Evidence({ score, threshold }: { score: number | null; threshold: number | null }) {
  if (score === null || threshold === null) return <span class="faint">–</span>;
  const length = Math.min(1, (THRESHOLD_MARK * Math.max(0, score)) / threshold);
  return (
    <>
      <span class="bar" aria-hidden="true">
        <i style={{ width: `${(100 * length).toFixed(1)}%` }} />
        <b style={{ left: `${100 * THRESHOLD_MARK}%` }} />
      </span>
      <span class="figures">
        {figure(score, 2)} <small>of {figure(threshold, 2)}</small>
      </span>
    </>
  );
}

function Details({ column }: { column: Column }) {
  const { p_value, psi, psi_critical, jensen_shannon, mean_shift, below_range, above_range, missing } = column;
  const { levels, new_level } = column;
  const unknown: [string, string][] = [];
  const ranges: [string, string][] = [
    ['mean shift', mean_shift === null ? '–' : `${figure(mean_shift, 2)} standard deviations`],
    ['below the reference range', percent(below_range)],
    ['above the reference range', percent(above_range)],
  ];
  if (new_level !== undefined) unknown.push(['a level that the training did not have', percent(new_level)]);
  const facts: [string, string][] = [
    ['p-value of the strongest test', figure(p_value, 2)],
    ...(levels ? unknown : ranges),
    ['missing', percent(missing)],
    ['population stability index', `${figure(psi, 2)}; 1 % of windows exceed ${figure(psi_critical, 2)} by chance`],
    ['Jensen-Shannon distance', figure(jensen_shannon, 2)],
  ];
  return (
    <div class="details">
      <dl>
        {facts.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <BinTable reference={column.reference} recent={column.recent} edges={column.edges} {...(levels && { levels })} />
    </div>
  );
}
