import { useState } from 'preact/hooks';
import type { Point } from '../client/api.js';
import { clock, figure } from '../parts/format.js';
import { GROUP_NAMES } from '../parts/group-names.js';
import { Table } from '../parts/table.js';

/** Number of points that the table lists. */
const MAX_ROWS = 12;
const HEAD = ['Until', 'Rows', '10th percentile', 'Median', '90th percentile', 'Held-out median', 'Alarms'];

/** The latest points of the error history as a table. */
export function ErrorTable({ points }: { points: readonly Point[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="numbers" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Show as table</summary>
      {open ? (
        <div class="scroll">
          <Table head={HEAD}>
            {points.slice(-MAX_ROWS).map(({ at, rows, error, reference, alarms }) => (
              <tr key={at}>
                <th scope="row">{clock(at)}</th>
                <td>{figure(rows)}</td>
                <td>{figure(error?.p10)}</td>
                <td>{figure(error?.p50)}</td>
                <td>{figure(error?.p90)}</td>
                <td>{figure(reference.p50)}</td>
                <td>{alarms.map((group) => GROUP_NAMES[group]).join(', ') || 'none'}</td>
              </tr>
            ))}
          </Table>
        </div>
      ) : null}
    </details>
  );
}
