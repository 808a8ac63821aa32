import type { Explained, Model } from '../client/api.js';
import { figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';
import type { Value } from './fields.js';
import { brokenRelations, InputMarks } from './input-marks.js';
import { shownValue } from './shown-value.js';

/** A row, null where a value is missing, and its explained prediction. */
export interface Result {
  readonly row: readonly Value[];
  readonly explained: Explained;
}

/** Minimum length of the scale, in standard deviations. */
const MIN_SPAN = 1;
/** Narrow columns break the long word at its soft hyphen. */
const HEAD = ['Input', 'Value', 'Recon\u00adstruction', 'Difference, in standard deviations'];

/** Compares the inputs of a row with their reconstructions. */
export function Residuals({ model, result: { row, explained } }: { model: Model; result: Result }) {
  const explanation = explained.explanations[0]!;
  const { reconstruction, missing, squared_residuals } = explanation;
  const broken = brokenRelations(explanation);
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
            <InputMarks name={name} explanation={explanation} />
            {missing.includes(name) ? <small> missing{isNumber ? ', replaced by the mean' : ''}</small> : null}
          </th>
          <td>{shownValue(input)}</td>
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
