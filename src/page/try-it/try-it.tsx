import type { TargetedSubmitEvent } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { numberInCell } from '../../model/tables/csv/number-cell.js';
import { type Drift, type Explained, type Model, predict } from '../client/api.js';
import { describeError, Failure } from '../parts/failure.js';
import { figure, percent } from '../parts/format.js';
import { Name } from '../parts/name.js';

/** A form for one row, and its prediction with an explanation. */
export function TryIt({ model, drift }: { model: Model | null; drift: Drift | null }) {
  if (!model) {
    return (
      <section class="panel" aria-labelledby="try-title">
        <h2 id="try-title">Try it</h2>
        <p class="note">No model is serving yet. Train one first.</p>
      </section>
    );
  }
  // Resets the form when a version with other features begins to serve.
  return <Form key={model.features.join('\n')} model={model} drift={drift} />;
}

interface Result {
  readonly row: readonly (number | null)[];
  readonly explained: Explained;
}

function Form({ model, drift }: { model: Model; drift: Drift | null }) {
  const typical = useMemo(() => typicalRow(model, drift), [model.checksum]);
  const [texts, setTexts] = useState(typical);
  const [invalid, setInvalid] = useState<number | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [result, setResult] = useState<Result | null>(null);

  const fail = (message: string, place: number | null) => {
    setFailure(message);
    setInvalid(place);
    if (place !== null) document.getElementById(`value-${place}`)?.focus();
  };
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const row = texts.map((text) => (text.trim() === '' ? null : numberInCell(text)));
    const at = row.findIndex((value) => value !== null && !Number.isFinite(Math.fround(value)));
    if (at >= 0) return fail(`${model.features[at]}: expected a number`, at);
    try {
      const explained = await predict(row);
      setFailure(null);
      setInvalid(null);
      setResult({ row, explained });
    } catch (error) {
      const place = /instances\[0\]\[(\d+)\]/.exec(describeError(error))?.[1];
      const name = place === undefined ? '' : `${model.features[Number(place)]} – `;
      fail(`${name}${describeError(error)}`, place === undefined ? null : Number(place));
    }
  };

  return (
    <div class="halves">
      <section class="panel" aria-labelledby="try-title">
        <header>
          <h2 id="try-title">Try it</h2>
          <button type="button" onClick={() => setTexts(typical)}>
            Typical values
          </button>
        </header>
        <p class="note">Enter values in the units of the training data. The row counts as traffic.</p>
        <form onSubmit={submit} noValidate>
          <div class="fields">
            {model.features.map((name, i) => (
              <div key={String(i)} class="field">
                <label for={`value-${i}`}>
                  <Name of={name} max={80} />
                </label>
                <input
                  id={`value-${i}`}
                  inputMode="decimal"
                  autoComplete="off"
                  value={texts[i]}
                  aria-invalid={invalid === i}
                  aria-describedby={invalid === i ? 'try-failure' : undefined}
                  onInput={({ currentTarget }) => setTexts(texts.with(i, currentTarget.value))}
                />
              </div>
            ))}
          </div>
          <div id="try-failure">
            <Failure message={failure} />
          </div>
          <button type="submit" class="first">
            Predict
          </button>
        </form>
      </section>
      <section class="panel" aria-labelledby="result-title">
        <h2 id="result-title">Result</h2>
        <div role="status">{result ? <Verdict model={model} explained={result.explained} /> : null}</div>
        {result ? <Residuals model={model} result={result} /> : <p class="note">No prediction yet.</p>}
      </section>
    </div>
  );
}

function Verdict({ model, explained }: { model: Model; explained: Explained }) {
  const { predictions, reconstruction_error, explanations, model_version } = explained;
  const { p_value, out_of_range } = explanations[0]!;
  return (
    <>
      <dl class="predictions">
        {model.targets.map((name, i) => (
          <div key={name}>
            <dt>
              <Name of={name} max={60} />
            </dt>
            <dd>{figure(predictions[0]![i], 4)}</dd>
          </div>
        ))}
      </dl>
      <p>
        <strong>{describeRarity(p_value, out_of_range.length)}</strong>{' '}
        {p_value === null
          ? 'Drift monitoring is off, so there is no baseline to compare the row with.'
          : `At most ${percent(p_value)} of held-out rows look this unusual (p = ${figure(p_value, 2)}).`}
      </p>
      <p class="note">
        Reconstruction error {figure(reconstruction_error[0])}, by version {model_version}.
      </p>
    </>
  );
}

/** Thresholds of the p-value. */
const UNUSUAL = 0.05;
const VERY_UNUSUAL = 0.01;

function describeRarity(p: number | null, outOfRange: number): string {
  if (p !== null && p <= VERY_UNUSUAL) return '▲ Very unusual.';
  if (outOfRange > 0) return '▲ Outside the range of the held-out rows.';
  if (p === null) return '';
  return p <= UNUSUAL ? '▲ Unusual.' : '✓ Like the training data.';
}

/** Minimum length of the scale, in standard deviations. */
const MIN_SPAN = 1;

function Residuals({ model, result: { row, explained } }: { model: Model; result: Result }) {
  const { reconstruction, out_of_range, missing } = explained.explanations[0]!;
  const { mean, scale } = model.scalers.features;
  const rows = model.features
    .map((name, i) => {
      const input = row[i] ?? mean[i]!;
      return { name, input, reconstructed: reconstruction[name]!, off: (reconstruction[name]! - input) / scale[i]! };
    })
    .sort((a, b) => Math.abs(b.off) - Math.abs(a.off));
  const span = Math.max(MIN_SPAN, ...rows.map(({ off }) => Math.abs(off)));
  return (
    <table class="residuals">
      <caption class="unseen">Inputs and their reconstructions, largest difference first</caption>
      <thead>
        <tr>
          <th scope="col">Input</th>
          <th scope="col">Value</th>
          <th scope="col">Recon&shy;struction</th>
          <th scope="col">Difference, in standard deviations</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, input, reconstructed, off }) => (
          <tr key={name}>
            <th scope="row">
              <Name of={name} max={60} />
              {out_of_range.includes(name) ? <small> ▲ out of range</small> : null}
              {missing.includes(name) ? <small> missing, replaced by the mean</small> : null}
            </th>
            <td>{figure(input, 4)}</td>
            <td>{figure(reconstructed, 4)}</td>
            <td>
              <span class="off">
                <span class="bar" aria-hidden="true">
                  <i
                    style={{
                      left: `${off < 0 ? 50 - (50 * -off) / span : 50}%`,
                      width: `${(50 * Math.abs(off)) / span}%`,
                    }}
                  />
                </span>
                {off > 0 ? '+' : ''}
                {figure(off, 2)}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The training means, to three digits, or as integers where the bins of the baseline end at integers. */
function typicalRow({ features, scalers }: Model, drift: Drift | null): string[] {
  const edges = new Map(drift?.windows[0]?.columns.map((column) => [column.name, column.edges]));
  return scalers.features.mean.map((mean, i) => {
    const whole = edges.get(features[i]!)?.every(Number.isInteger) ?? false;
    return String(whole ? Math.round(mean) : Number(mean.toPrecision(3)));
  });
}
