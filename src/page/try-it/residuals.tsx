import type { Explained, Model } from '../client/api.js';
import { figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';
import type { Value } from './fields.js';

/** A row, null where a value is missing, and its explained prediction. */
export interface Result {
  readonly row: readonly Value[];
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
  const { reconstruction, out_of_range, missing, unknown_levels, squared_residuals, ...rest } =
    explained.explanations[0]!;
  const { conditional_residuals: conditional } = rest;
  const broken = (conditional ?? [])
    .filter(({ residual }) => Math.abs(residual) >= BROKEN)
    .map(({ feature }) => feature);
  /** Features whose relation to the others is broken come first, in the order of the service. */
  const place = (name: string) => (broken.includes(name) ? broken.indexOf(name) : broken.length);
  const { mean, scale } = model.scalers.features;
  const rows = model.features
    .map((name, i) => {
      const [given, reconstructed] = [row[i]!, reconstruction[name] ?? null];
      // A gap of a number is replaced by the mean. Levels and dates have no sign.
      const input = given === null && typeof reconstructed === 'number' ? mean[i]! : given;
      const isNumber = typeof input === 'number' && typeof reconstructed === 'number';
      const off = isNumber ? (reconstructed - input) / scale[i]! : Math.sqrt(squared_residuals[name]!);
      return { name, input, reconstructed, off, isNumber };
    })
    .sort((a, b) => place(a.name) - place(b.name) || Math.abs(b.off) - Math.abs(a.off));
  /** Percent of the bar per standard deviation. Zero is in the middle of the bar. */
  const unit = 50 / Math.max(MIN_SPAN, ...rows.map(({ off }) => Math.abs(off)));
  return (
    <Table class="residuals" caption="Inputs and their reconstructions, largest difference first" head={HEAD}>
      {rows.map(({ name, input, reconstructed, off, isNumber }) => (
        <tr key={name}>
          <th scope="row">
            <Name of={name} max={60} />
            {out_of_range.includes(name) ? <small> ▲ out of range</small> : null}
            {broken.includes(name) ? <small> ▲ not as the other inputs suggest</small> : null}
            {unknown_levels?.includes(name) ? <small> ▲ a value that the training did not have</small> : null}
            {missing.includes(name) ? <small> missing{isNumber ? ', replaced by the mean' : ''}</small> : null}
          </th>
          <td>{shown(input)}</td>
          <td>{typeof reconstructed === 'number' ? figure(reconstructed, 4) : String(reconstructed)}</td>
          <td>
            <span class="off">
              <span class="bar" aria-hidden="true">
                <i style={{ left: `${50 + unit * Math.min(0, off)}%`, width: `${unit * Math.abs(off)}%` }} />
              </span>
              {isNumber && off > 0 ? '+' : ''}
              {figure(off, 2)}
            </span>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function shown(value: Value) {
  if (typeof value === 'number') return figure(value, 4);
  return value === null ? 'no value' : <Name of={String(value)} max={40} />;
}
