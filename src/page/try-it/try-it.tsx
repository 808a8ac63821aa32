import type { TargetedSubmitEvent } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { useMay } from '../access/scopes.js';
import { type Drift, type Model, predict } from '../client/api.js';
import { Choice } from '../parts/choice.js';
import { describeError, Failure } from '../parts/failure.js';
import { percent } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Contributions } from './contributions.js';
import { FieldInput } from './field-input.js';
import { fieldsOf, type Value } from './fields.js';
import { levelOf, levelsOf } from './interval.js';
import { Prediction } from './prediction.js';
import { Residuals, type Result } from './residuals.js';

/** A form for one row, and its prediction with an explanation. */
export function TryIt({ model, drift }: { model: Model | null; drift: Drift | null }) {
  const may = useMay();
  if (!model) {
    return (
      <section class="panel" aria-labelledby="try-title">
        <h2 id="try-title">Try it</h2>
        <p class="note">No model is serving yet.{may('train') ? ' Train one first.' : ''}</p>
      </section>
    );
  }
  // Resets the form when a version with other features or levels begins to serve.
  const key = JSON.stringify([model.features, model.columns?.map(({ encoding: _, ...column }) => column)]);
  return <Form key={key} model={model} drift={drift} />;
}

function Form({ model, drift }: { model: Model; drift: Drift | null }) {
  const fields = useMemo(() => fieldsOf(model, drift), [model.checksum]);
  const typical = fields.map((field) => field.typical);
  const [texts, setTexts] = useState(typical);
  const [invalid, setInvalid] = useState<number | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [result, setResult] = useState<Result | null>(null);
  const [chosen, setChosen] = useState<number>();
  const [levels, level] = [levelsOf(model), levelOf(model, chosen)];
  const latest = useRef(0);

  const fail = (message: string, place: number | null) => {
    setFailure(message);
    setInvalid(place);
    if (place !== null) document.getElementById(`value-${place}`)?.focus();
  };
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const values = fields.map((field, i) => field.read(texts[i]!));
    const at = values.indexOf(undefined);
    if (at >= 0) return fail(`${model.features[at]}: expected a number`, at);
    await show(values as Value[], level);
  };
  const choose = (other: number) => {
    setChosen(other);
    if (result) void show(result.row, other);
  };
  const show = async (row: readonly Value[], level: number | undefined) => {
    const request = ++latest.current;
    try {
      const explained = await predict(row, level);
      // Another level has been chosen meanwhile.
      if (request !== latest.current) return;
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
            {fields.map((field, i) => (
              <div key={String(i)} class="field">
                <label for={`value-${i}`}>
                  <Name of={field.name} max={80} />
                </label>
                <FieldInput
                  field={field}
                  id={`value-${i}`}
                  text={texts[i]!}
                  invalid={invalid === i}
                  onText={(text) => setTexts(texts.with(i, text))}
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
        <header>
          <h2 id="result-title">Result</h2>
          {level === undefined ? null : (
            <Choice
              legend="Level of the intervals"
              name="level"
              options={levels.map((one) => [one, percent(one)] as const)}
              chosen={level}
              onChoose={choose}
            />
          )}
        </header>
        <div role="status">{result ? <Prediction model={model} explained={result.explained} /> : null}</div>
        {result ? (
          <>
            <Contributions model={model} result={result} />
            <h3 class="why">How unusual the row is</h3>
            <Residuals model={model} result={result} />
          </>
        ) : (
          <p class="note">No prediction yet.</p>
        )}
      </section>
    </div>
  );
}
