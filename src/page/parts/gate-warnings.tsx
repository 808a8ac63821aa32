import type { Job } from '../client/api.js';
import { Name } from './name.js';
import { Verdict } from './verdict.js';

/** What a person should know of a version although it may serve, in amber. */
export function GateWarnings({ gate }: { gate: Job['gate'] }) {
  return (
    <>
      {gate?.warnings?.map((warning) => (
        <Verdict key={warning} kind="caution" mark="!" title="Ridge regression predicts better">
          <Name of={warning} max={600} />
        </Verdict>
      ))}
    </>
  );
}
