import { useState } from 'preact/hooks';
import { counted, figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';

/** The importance of a column. */
export interface Bar {
  readonly name: string;
  readonly increase: number;
  readonly standard_error: number;
}

/** Rows of the table until the user shows all. */
const FIRST_ROWS = 10;
/** A whisker spans so many standard errors to each side: about 95 % of what chance does. */
const WHISKER = 2;

/** Columns with their importance as bars with whiskers. `unlisted` is the number of columns that the version does not list. */
export function ImportanceBars({ bars, unlisted }: { bars: readonly Bar[]; unlisted: number }) {
  const [all, setAll] = useState(false);
  const visible = all ? bars : bars.slice(0, FIRST_ROWS);
  const ends = bars.flatMap(({ increase, standard_error }) =>
    [-1, 1].map((side) => increase + side * WHISKER * standard_error),
  );
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  /** Position in percent. */
  const place = (value: number) => (high > low ? (100 * (value - low)) / (high - low) : 0);
  return (
    <>
      <Table
        class="bars"
        caption="Importance of the columns, the most important first"
        head={['Column', 'Increase of the RMSE', '± 2 standard errors']}
      >
        {visible.map(({ name, increase, standard_error }) => {
          const margin = WHISKER * standard_error;
          const [from, to] = [Math.min(0, increase), Math.max(0, increase)].map(place) as [number, number];
          const [left, right] = [place(increase - margin), place(increase + margin)];
          return (
            <tr key={name}>
              <th scope="row">
                <Name of={name} max={60} />
              </th>
              <td>
                <span class="bar" aria-hidden="true">
                  <i style={{ left: `${from}%`, width: `${to - from}%` }} />
                  <u style={{ left: `${left}%`, width: `${right - left}%` }} />
                  <b style={{ left: `${place(0)}%` }} />
                </span>
              </td>
              <td>
                {figure(increase)} <small>± {figure(margin, 2)}</small>
              </td>
            </tr>
          );
        })}
      </Table>
      {bars.length > visible.length ? (
        <p>
          <button type="button" onClick={() => setAll(true)}>
            Show all {bars.length}
          </button>{' '}
          <small>and {counted(bars.length + unlisted - visible.length, 'more column')}</small>
        </p>
      ) : unlisted > 0 ? (
        <p>
          <small>and {counted(unlisted, 'more column')}, which matter less</small>
        </p>
      ) : null}
    </>
  );
}
