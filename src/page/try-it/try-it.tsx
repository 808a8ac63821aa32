import type { TargetedSubmitEvent } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { numberInCell } from '../../model/tables/csv/number-cell.js';
import { type Drift, type Model, predict } from '../client/api.js';
import { describeError, Failure } from '../parts/failure.js';
import { Name } from '../parts/name.js';
import { Prediction } from './prediction.js';
import { Residuals, type Result } from './residuals.js';

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
        <div role="status">{result ? <Prediction model={model} explained={result.explained} /> : null}</div>
        {result ? <Residuals model={model} result={result} /> : <p class="note">No prediction yet.</p>}
      </section>
    </div>
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
