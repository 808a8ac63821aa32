import type { Session } from '../client/api.js';
import { Name } from '../parts/name.js';

/** What a user sees whose credential does not allow to see anything. */
export function NoAccess({ principal: { id, scopes } }: { principal: NonNullable<Session['principal']> }) {
  return (
    <section class="panel" aria-labelledby="no-access-title">
      <h2 id="no-access-title">Nothing to see</h2>
      <p>
        This page requires the scope <code>read</code>, and <Name of={id} max={80} /> has{' '}
        {scopes.length > 0 ? scopes.join(', ') : 'no scope'}. Ask the operator of this service for it.
      </p>
    </section>
  );
}
