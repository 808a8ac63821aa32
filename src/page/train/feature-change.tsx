import { Name } from '../parts/name.js';

/** Missing features that are listed by name. */
const MAX_NAMES = 5;

export interface FeatureChangeProps {
  /** Features of the serving model that the selection lacks. */
  readonly missing: readonly string[];
  readonly replace: boolean;
  readonly onReplace: (replace: boolean) => void;
}

/** Warns that the selected features differ from those of the serving model, and asks whether to replace it. */
export function FeatureChange({ missing, replace, onReplace }: FeatureChangeProps) {
  return (
    <div class="problems">
      <p>
        These are not the features of the serving model
        {missing.length > 0 ? (
          <>
            , which also has{' '}
            {missing.slice(0, MAX_NAMES).map((name, i) => (
              <span key={name}>
                {i > 0 ? ', ' : ''}
                <Name of={name} max={40} />
              </span>
            ))}
            {missing.length > MAX_NAMES ? '…' : ''}
          </>
        ) : null}
        .
      </p>
      <label class="check">
        <input type="checkbox" checked={replace} onChange={({ currentTarget }) => onReplace(currentTarget.checked)} />
        Replace the serving model with one that has these features
      </label>
    </div>
  );
}
