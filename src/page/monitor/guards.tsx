import type { Drift } from '../client/api.js';
import { unbroken } from '../parts/format.js';
import { Name } from '../parts/name.js';

/** The columns with rows out of range or missing in an alarm, or with implausible rows; nothing without any. */
export function Guards({ guards }: { guards: Drift['guards'] }) {
  if (guards.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="guards-title">
      <header>
        <h2 id="guards-title">Values that cannot be right</h2>
      </header>
      <table class="guards">
        <thead>
          <tr>
            <th scope="col">Input</th>
            <th scope="col">Alarm</th>
            <th scope="col">What was seen</th>
          </tr>
        </thead>
        <tbody>
          {guards.map(({ name, kind, test, detected, words }) => (
            <tr key={`${kind} ${test} ${name}`} class={detected ? 'raised' : undefined}>
              <th scope="row">
                <Name of={name} max={80} />
                {kind === 'output' ? <small> prediction</small> : null}
              </th>
              <td>{detected ? '▲ alarm' : <span class="faint">no alarm</span>}</td>
              <td class="words">{unbroken(words)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
