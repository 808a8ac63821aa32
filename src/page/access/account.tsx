import { type Session, signOut } from '../client/api.js';
import { useFailure } from '../parts/failure.js';
import { printable } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { announce } from './session.js';

/** Who is signed in, and a button to sign out; where no credentials are required, to whom the service is open. */
export function Account({
  principal,
  openTo,
}: {
  principal: NonNullable<Session['principal']>;
  openTo: Session['open_to'];
}) {
  const [failure, attempt] = useFailure();
  if (principal.kind === 'anyone')
    return openTo?.length ? <p class="account">Open to anyone who can reach {places(openTo)}</p> : null;
  const leave = () =>
    attempt(async () => {
      await signOut();
      announce('signed-out');
      // Removes all that the page knows.
      location.reload();
    });
  return (
    <div class="account">
      <span title={printable(`${principal.id}: ${principal.scopes.join(', ') || 'no scopes'}`)}>
        Signed in as <Name of={principal.name ?? principal.id} max={40} />
      </span>
      {principal.kind === 'session' ? (
        <button type="button" onClick={leave}>
          Sign out
        </button>
      ) : null}
      {failure ? <span role="alert">{failure}</span> : null}
    </div>
  );
}

/** Addresses that stand for all of a machine. */
const EVERY = ['0.0.0.0', '::'];

function places(addresses: readonly string[]): string {
  return addresses.some((address) => EVERY.includes(address)) ? 'any address of its machine' : addresses.join(' or ');
}
