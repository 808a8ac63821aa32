import { useState } from 'preact/hooks';
import type { Column, Drift, DriftWindow } from '../client/api.js';
import { Choice } from '../parts/choice.js';
import { capital, clock, figure } from '../parts/format.js';
import { GROUP_NAMES } from '../parts/group-names.js';
import { Legend } from '../parts/legend.js';
import { InputRow } from './input-row.js';
import { type Alarm, latestAlarm } from './latest-alarm.js';

const WINDOWS = [
  ['latest', 'Latest window'],
  ['hour', 'Hour'],
  ['day', 'Day'],
] as const;
/** The first choice while an alarm is on. */
const AT_ALARM = ['alarm', 'At the alarm'] as const;
const KEYS = { 'reference area': 'held-out rows', 'recent line': 'recent rows', limit: 'alarm threshold' };
/** Rows of the table until the user shows all. */
const FIRST_ROWS = 25;

type Order = 'evidence' | 'name';

/** Every feature and prediction with its evidence of drift, strongest first. */
export function Inputs({ drift }: { drift: Drift | null }) {
  const [choice, choose] = useState<DriftWindow['window'] | 'alarm'>();
  const [order, setOrder] = useState<Order>('evidence');
  const [all, setAll] = useState(false);
  const alarm = latestAlarm(drift);
  const chosen = choice === undefined || (choice === 'alarm' && !alarm) ? (alarm ? 'alarm' : 'latest') : choice;
  const shown = drift?.windows.find(({ window }) => window === chosen);
  const columns = sorted((chosen === 'alarm' ? alarm?.evidence.columns : shown?.columns) ?? [], order);
  const visible = all ? columns : columns.slice(0, FIRST_ROWS);
  return (
    <section class="panel" aria-labelledby="inputs-title">
      <header>
        <h2 id="inputs-title">Input drift</h2>
        <Choice
          legend="Rows compared"
          name="window"
          options={alarm ? [AT_ALARM, ...WINDOWS] : WINDOWS}
          chosen={chosen}
          onChoose={choose}
        />
      </header>
      <p class="note">
        {chosen === 'alarm' && alarm
          ? explainAlarm(alarm, drift!)
          : shown
            ? explain(shown, drift!)
            : 'Nothing to compare yet.'}
      </p>
      {columns.length > 0 ? (
        <>
          <Legend keys={KEYS} />
          <table class="inputs">
            <thead>
              <tr>
                {sortHead('Input', 'name', 'ascending')}
                <th scope="col">Distribution</th>
                {sortHead('Evidence', 'evidence', 'descending')}
                <th scope="col">What changed</th>
              </tr>
            </thead>
            <tbody>
              {visible.map((column) => (
                <InputRow key={`${column.kind} ${column.name}`} column={column} canTell={tells(drift!, column)} />
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

  function sortHead(label: string, value: Order, direction: 'ascending' | 'descending') {
    return (
      <th scope="col" aria-sort={order === value ? direction : 'none'}>
        <button type="button" class="sort" onClick={() => setOrder(value)}>
          {label} <span aria-hidden="true">{order !== value ? '' : direction === 'ascending' ? '↑' : '↓'}</span>
        </button>
      </th>
    );
  }
}

/** Returns whether windows can distinguish a drift of the column from the order of the rows. */
function tells({ dependence }: Drift, { kind, name }: Column): boolean {
  return !dependence.channels.some((channel) => channel.kind === kind && channel.name === name && !channel.windows);
}

function sorted(columns: readonly Column[], order: Order): readonly Column[] {
  // The service sends them in order of evidence.
  return order === 'evidence' ? columns : columns.toSorted((a, b) => a.name.localeCompare(b.name));
}

function explainAlarm({ group, since, cause, evidence }: Alarm, drift: Drift): string {
  const { rows, score, threshold } = evidence;
  const by = cause?.by === 'window' ? 'window test' : 'chart';
  return (
    `${capital(GROUP_NAMES[group] ?? group)}: alarm raised at ${clock(since ?? 0)} by a ${by} at ${figure(score, 2)} of ` +
    `${figure(threshold, 2)}. Its latest ${figure(rows)} rows, about as many as the change had lasted, compared with ` +
    `${figure(drift.baseline.rows)} held-out rows of the training data.`
  );
}

function explain({ window, rows, ended_at, verdict }: DriftWindow, drift: Drift): string {
  if (rows === 0) {
    return window === 'latest'
      ? `The first window is filling: ${figure(drift.filled_rows)} of ${figure(drift.window_rows)} rows so far.`
      : 'No rows in this period.';
  }
  const tested = window === 'latest' ? `${figure(rows)} rows, tested at ${clock(ended_at!)}` : `${figure(rows)} rows`;
  if (verdict === 'cannot_tell') return `${tested}: ${drift.dependence.cannot_tell}`;
  if (verdict === 'too_few_rows') return `${tested}: too few for a test.`;
  const note = window === 'latest' ? '' : ' For information only: alarms come from the latest window and the charts.';
  return `${tested}, compared with ${figure(drift.baseline.rows)} held-out rows of the training data.${note}`;
}
