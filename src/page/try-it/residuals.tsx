import type { Explained, Model } from '../client/api.js';
import { figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';

/** A row, null where a value is missing, and its explained prediction. */
export interface Result {
  readonly row: readonly (number | null)[];
  readonly explained: Explained;
}

/** Standard deviations beyond which a conditional residual is that of a broken relation. */
const BROKEN = 3;
/** Minimum length of the scale, in standard deviations. */
const MIN_SPAN = 1;
/** Narrow columns break the long word at its soft hyphen. */
const HEAD = ['Input', 'Value', 'Recon\u00adstruction', 'Difference, in standard deviations'];

/** Compares the inputs of a row with their reconstructions. */
export function Residuals({ model, result: { row, explained } }: { model: Model; result: Result }) {
  const { reconstruction, out_of_range, missing, conditional_residuals: conditional } = explained.explanations[0]!;
  const broken = (conditional ?? [])
    .filter(({ residual }) => Math.abs(residual) >= BROKEN)
    .map(({ feature }) => feature);
  /** Features whose relation to the others is broken come first, in the order of the service. */
  const place = (name: string) => (broken.includes(name) ? broken.indexOf(name) : broken.length);
  const { mean, scale } = model.scalers.features;
  const rows = model.features
    .map((name, i) => {
      const input = row[i] ?? mean[i]!;
      const reconstructed = reconstruction[name]!;
      const off = typeof reconstructed === 'number' ? (reconstructed - input) / scale[i]! : 0;
      return { name, input, reconstructed, off };
    })
    .sort((a, b) => place(a.name) - place(b.name) || Math.abs(b.off) - Math.abs(a.off));
  /** Percent of the bar per standard deviation. Zero is in the middle of the bar. */
  const unit = 50 / Math.max(MIN_SPAN, ...rows.map(({ off }) => Math.abs(off)));
  return (
    <Table class="residuals" caption="Inputs and their reconstructions, largest difference first" head={HEAD}>
      {rows.map(({ name, input, reconstructed, off }) => (
        <tr key={name}>
          <th scope="row">
            <Name of={name} max={60} />
            {out_of_range.includes(name) ? <small> ▲ out of range</small> : null}
            {broken.includes(name) ? <small> ▲ not as the other inputs suggest</small> : null}
            {missing.includes(name) ? <small> missing, replaced by the mean</small> : null}
          </th>
          <td>{figure(input, 4)}</td>
          <td>{typeof reconstructed === 'number' ? figure(reconstructed, 4) : String(reconstructed)}</td>
          <td>
            <span class="off">
              <span class="bar" aria-hidden="true">
                <i style={{ left: `${50 + unit * Math.min(0, off)}%`, width: `${unit * Math.abs(off)}%` }} />
              </span>
              {off > 0 ? '+' : ''}
              {figure(off, 2)}
            </span>
          </td>
        </tr>
      ))}
    </Table>
  );
}
