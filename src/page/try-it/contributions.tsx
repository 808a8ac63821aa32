import type { Explained, Model } from '../client/api.js';
import { counted, figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';
import type { Value } from './fields.js';
import { InputMarks } from './input-marks.js';
import type { Result } from './residuals.js';
import { shownValue } from './shown-value.js';

/** Columns with a bar of their own. The others share one. */
const MAX_BARS = 12;
const HEAD = ['Input', 'Value', 'Contribution'];

type Explanation = Explained['explanations'][number];

/** Why a row has its predictions: from the mean prediction, by what each input contributes, to that of the row. */
export function Contributions({ model, result: { row, explained } }: { model: Model; result: Result }) {
  const explanation = explained.explanations[0]!;
  const { contributions } = explanation;
  if (!contributions) {
    return <p class="note">The row is too far from the training data to say what each input contributes.</p>;
  }
  return (
    <>
      {contributions.map((each, t) => (
        <Waterfall
          key={each.target}
          model={model}
          row={row}
          explanation={explanation}
          contributions={each}
          prediction={explained.predictions[0]![t]!}
        />
      ))}
    </>
  );
}

interface WaterfallProps {
  readonly model: Model;
  readonly row: readonly Value[];
  readonly explanation: Explanation;
  readonly contributions: NonNullable<Explanation['contributions']>[number];
  readonly prediction: number;
}

function Waterfall({ model, row, explanation, contributions, prediction }: WaterfallProps) {
  const { target, base_value, values, standard_error } = contributions;
  const sorted = model.features
    .map((name, i) => ({ name, input: row[i]!, value: values[name]! }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const shown = sorted.length > MAX_BARS ? sorted.slice(0, MAX_BARS - 1) : sorted;
  const others = sorted.slice(shown.length);
  const rest = others.reduce((sum, { value }) => sum + value, 0);
  /** Where each bar begins, and where the last one ends. */
  const places = [base_value];
  for (const value of [...shown.map((each) => each.value), rest]) places.push(places.at(-1)! + value);
  const [low, high] = [Math.min(...places), Math.max(...places)];
  const percentAt = (place: number) => (high > low ? (100 * (place - low)) / (high - low) : 50);
  const bar = (step: number, value: number) => {
    const [from, to] = [percentAt(places[step]!), percentAt(places[step + 1]!)];
    return <SignedBar from={from} to={to} value={value} />;
  };
  return (
    <>
      <h3 class="why">
        Why <Name of={target} max={60} /> is {figure(prediction, 4)}
      </h3>
      <Table
        class="contributions"
        caption={`What each input contributes to ${target}, largest contribution first`}
        head={HEAD}
      >
        <tr>
          <th scope="row" colSpan={2}>
            Mean prediction <small>of rows like those of the training</small>
          </th>
          <td>
            <Level at={percentAt(base_value)} value={base_value} />
          </td>
        </tr>
        {shown.map(({ name, input, value }, step) => (
          <tr key={name}>
            <th scope="row">
              <Name of={name} max={60} />
              <InputMarks name={name} explanation={explanation} />
            </th>
            <td class="given">{shownValue(input)}</td>
            <td>{bar(step, value)}</td>
          </tr>
        ))}
        {others.length > 0 ? (
          <tr>
            <th scope="row" colSpan={2}>
              {counted(others.length, 'other input')}
            </th>
            <td>{bar(shown.length, rest)}</td>
          </tr>
        ) : null}
        <tr>
          <th scope="row" colSpan={2}>
            Prediction
          </th>
          <td>
            <Level at={percentAt(prediction)} value={prediction} />
          </td>
        </tr>
      </Table>
      {standard_error > 0 ? (
        <p class="note">Contributions are estimates; their standard error is at most {figure(standard_error, 2)}.</p>
      ) : null}
    </>
  );
}

/** A contribution as a bar between two places, in percent, and as a number with its sign. */
function SignedBar({ from, to, value }: { from: number; to: number; value: number }) {
  return (
    <span class="off">
      <span class="bar" aria-hidden="true">
        <i
          class={value < 0 ? 'lowers' : undefined}
          style={{ left: `${Math.min(from, to)}%`, width: `${Math.abs(to - from)}%` }}
        />
      </span>
      {value > 0 ? '+' : ''}
      {figure(value, 3)}
    </span>
  );
}

/** A prediction as a mark at a place, in percent, and as a number. */
function Level({ at, value }: { at: number; value: number }) {
  return (
    <span class="off">
      <span class="bar" aria-hidden="true">
        <b style={{ left: `calc(${at}% - 1px)` }} />
      </span>
      {figure(value, 4)}
    </span>
  );
}
