import { useState } from 'preact/hooks';
import type { Column, Drift, DriftWindow } from '../client/api.js';
import { Choice } from '../parts/choice.js';
import { clock, figure, glued, percent } from '../parts/format.js';
import { BinTable, Histogram } from '../parts/histogram.js';
import { Name } from '../parts/name.js';

const WINDOWS = [
  ['latest', 'Latest window'],
  ['hour', 'Hour'],
  ['day', 'Day'],
] as const;
/** Rows of the table before somebody asks for all. */
const FIRST_ROWS = 25;

/** Which inputs moved: every feature and prediction with its evidence, the strongest first. */
export function Inputs({ drift }: { drift: Drift | null }) {
  const [chosen, choose] = useState<DriftWindow['window']>('latest');
  const [order, setOrder] = useState<'evidence' | 'name'>('evidence');
  const [all, setAll] = useState(false);
  const shown = drift?.windows.find(({ window }) => window === chosen);
  const columns = sorted(shown?.columns ?? [], order);
  const visible = all ? columns : columns.slice(0, FIRST_ROWS);
  return (
    <section class="panel" aria-labelledby="inputs-title">
      <header>
        <h2 id="inputs-title">Which inputs moved</h2>
        <Choice legend="Rows compared" name="window" options={WINDOWS} chosen={chosen} onChoose={choose} />
      </header>
      <p class="note">{shown ? explain(shown, drift!) : 'There is nothing to compare yet.'}</p>
      {columns.length > 0 ? (
        <>
          <ul class="legend" aria-hidden="true">
            <li>
              <i class="key reference area" /> held-out rows
            </li>
            <li>
              <i class="key recent line" /> recent rows
            </li>
            <li>
              <i class="key limit" /> threshold of the alarm
            </li>
          </ul>
          <table class="inputs">
            <thead>
              <tr>
                <SortHead label="Input" value="name" order={order} onSort={setOrder} />
                <th scope="col">Distribution</th>
                <SortHead label="Evidence" value="evidence" order={order} onSort={setOrder} />
                <th scope="col">What changed</th>
              </tr>
            </thead>
            <tbody>
              {visible.map((column) => (
                <Row key={`${column.kind} ${column.name}`} column={column} />
              ))}
            </tbody>
          </table>
          {columns.length > visible.length ? (
            <button type="button" onClick={() => setAll(true)}>
              Show all {columns.length}
            </button>
          ) : null}
        </>
      ) : null}
    </section>
  );
}

function SortHead({
  label,
  value,
  order,
  onSort,
}: {
  label: string;
  value: 'evidence' | 'name';
  order: string;
  onSort: (order: 'evidence' | 'name') => void;
}) {
  const sort = order !== value ? 'none' : value === 'name' ? 'ascending' : 'descending';
  return (
    <th scope="col" aria-sort={sort}>
      <button type="button" class="sort" onClick={() => onSort(value)}>
        {label} <span aria-hidden="true">{sort === 'none' ? '' : sort === 'ascending' ? '↑' : '↓'}</span>
      </button>
    </th>
  );
}

function Row({ column }: { column: Column }) {
  const [open, setOpen] = useState(false);
  const { name, kind, detected, score, threshold, words } = column;
  return (
    <>
      <tr class={detected ? 'raised' : undefined}>
        <th scope="row">
          <button type="button" class="expand" aria-expanded={open} onClick={() => setOpen(!open)}>
            <span class="chevron" aria-hidden="true" />
            <span>
              <Name of={name} most={80} />
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
          {detected ? (
            <>
              <span class="mark" aria-hidden="true">
                ▲{' '}
              </span>
              {glued(words) || 'moved'}
            </>
          ) : (
            <span class="faint">{score === null ? 'not tested yet' : 'as before'}</span>
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

/** The threshold is drawn here, as a share of the bar's length; evidence of 1.67 thresholds and more fills it. */
const MARK = 0.6;

function Evidence({ score, threshold }: { score: number | null; threshold: number | null }) {
  if (score === null || threshold === null) return <span class="faint">–</span>;
  const length = Math.min(1, (MARK * Math.max(0, score)) / threshold);
  return (
    <>
      <span class="bar" aria-hidden="true">
        <i style={{ width: `${(100 * length).toFixed(1)}%` }} />
        <b style={{ left: `${100 * MARK}%` }} />
      </span>
      <span class="figures">
        {figure(score, 2)} <small>of {figure(threshold, 2)}</small>
      </span>
    </>
  );
}

function Details({ column }: { column: Column }) {
  const { p_value, psi, psi_critical, jensen_shannon, mean_shift, below_range, above_range, missing } = column;
  const facts: [string, string][] = [
    ['p-value of the strongest test', figure(p_value, 2)],
    ['mean moved by', mean_shift === null ? '–' : `${figure(mean_shift, 2)} standard deviations`],
    ['below the reference range', percent(below_range)],
    ['above the reference range', percent(above_range)],
    ['missing', percent(missing)],
    ['population stability index', `${figure(psi, 2)}; chance passes ${figure(psi_critical, 2)} in 1 % of windows`],
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
      <BinTable reference={column.reference} recent={column.recent} edges={column.edges} />
    </div>
  );
}

function sorted(columns: readonly Column[], order: 'evidence' | 'name'): readonly Column[] {
  // The service sends them by evidence.
  return order === 'evidence' ? columns : columns.toSorted((a, b) => a.name.localeCompare(b.name));
}

function explain({ window, rows, ended_at, verdict }: DriftWindow, drift: Drift): string {
  if (rows === 0) {
    return window === 'latest'
      ? `The first window of ${figure(drift.window_rows)} rows is being filled: ${figure(drift.filled_rows)} so far.`
      : 'No rows have come in this time.';
  }
  const what = window === 'latest' ? `${figure(rows)} rows, tested at ${clock(ended_at!)}` : `${figure(rows)} rows`;
  if (verdict === 'too_few_rows') return `${what}: too few to tell.`;
  const decides =
    window === 'latest' ? '' : ' This decides nothing; alarms come from the latest window and the charts.';
  return `${what}, compared with ${figure(drift.baseline.rows)} rows that training held out.${decides}`;
}
