import type { Explained } from '../client/api.js';

type Explanation = Explained['explanations'][number];

/** Standard deviations beyond which a conditional residual is that of a broken relation. */
const BROKEN = 3;

/** Features whose relation to the others is probably broken, in the order of the service. */
export function brokenRelations({ conditional_residuals }: Explanation): string[] {
  return (conditional_residuals ?? [])
    .filter(({ residual }) => Math.abs(residual) >= BROKEN)
    .map(({ feature }) => feature);
}

/** What is unusual about an input. */
export function InputMarks({ name, explanation }: { name: string; explanation: Explanation }) {
  const { out_of_range, unknown_levels } = explanation;
  return (
    <>
      {out_of_range.includes(name) ? <small> ▲ out of range</small> : null}
      {brokenRelations(explanation).includes(name) ? <small> ▲ not as the other inputs suggest</small> : null}
      {unknown_levels?.includes(name) ? <small> ▲ a value that the training did not have</small> : null}
    </>
  );
}
