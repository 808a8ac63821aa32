import type { Drift, Model } from '../client/api.js';
import { figure, percent } from '../parts/format.js';
import { Name } from '../parts/name.js';

/** The RMSE on labelled rows or, without any, the expected one, beside that of the held-out rows. */
export function ErrorTile({ drift, model }: { drift: Drift | null; model: Model | null }) {
  const shown = drift && model ? worst(drift, model) : undefined;
  return (
    <div class="tile">
      <dt>Prediction error (RMSE)</dt>
      <dd>
        {shown?.live !== undefined
          ? figure(shown.live)
          : shown?.expected
            ? `≈ ${figure(shown.expected.estimate)}`
            : '–'}
        <small>
          {shown && shown.targets > 1 ? (
            <>
              <Name of={shown.name} max={40} />:{' '}
            </>
          ) : null}
          {shown ? describe(shown, drift!) : '–'}
        </small>
      </dd>
    </div>
  );
}

/** The errors of a target. */
interface TargetErrors {
  readonly name: string;
  readonly targets: number;
  readonly heldOut: number | undefined;
  readonly live: number | undefined;
  readonly expected: { readonly estimate: number; readonly low: number; readonly high: number } | undefined;
}

/** The target whose errors are the worst compared with those of the held-out rows. */
function worst(
  { feedback, prediction_error: { expected } }: Drift,
  { targets, metrics }: Model,
): TargetErrors | undefined {
  const all = targets.map((name) => ({
    name,
    targets: targets.length,
    heldOut: metrics.targets[name]?.rmse,
    live: feedback.targets[name]?.rmse,
    expected: expected.targets?.[name]?.rmse,
  }));
  const ratio = ({ live, expected: one, heldOut }: TargetErrors) => (live ?? one?.estimate ?? 0) / (heldOut || 1);
  return all.sort((a, b) => ratio(b) - ratio(a))[0];
}

/** The level whose coverage is shown. */
const LEVEL = 0.9;

function describe({ name, heldOut, live, expected }: TargetErrors, { feedback, prediction_error }: Drift): string {
  const reference = `${figure(heldOut)} on held-out rows`;
  const range = expected ? `${figure(expected.low)} to ${figure(expected.high)}` : '';
  if (live !== undefined) {
    const covered = feedback.coverage?.targets[name]?.[LEVEL];
    const coverage = covered === undefined ? '' : `; intervals of ${percent(LEVEL)} cover ${percent(covered)}`;
    const rows = `${figure(feedback.evaluated_rows)} labelled rows${coverage}; ${reference}`;
    return expected ? `${rows}; expected without labels ${range}` : rows;
  }
  if (expected) return `expected without labels, ${range}; ${reference}`;
  const filling = prediction_error.expected.rows === 0 ? 'no labels yet' : 'no labels; cannot be estimated';
  return `${filling}; ${reference}`;
}
