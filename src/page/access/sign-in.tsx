import type { TargetedSubmitEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { oidcPath, ServiceError, type Session, signIn } from '../client/api.js';
import { describeError, Failure } from '../parts/failure.js';
import { Name } from '../parts/name.js';

/** What the fragment of the URL says when the issuer leads back without success. */
const OUTCOMES: Readonly<Record<string, string>> = {
  '#sign-in-denied': 'The sign-in was cancelled, or you are not allowed to use this service.',
  '#sign-in-expired': 'The sign-in took too long, or was begun in another browser. Try again.',
  '#sign-in-unavailable': 'The sign-in service does not respond. Try again later.',
  '#sign-in-failed': 'The sign-in failed. The log of this service says why.',
};

export interface SignInProps {
  readonly methods: Session['sign_in'];
  /** True if the page stays open meanwhile, with what the user has entered. */
  readonly keepsPage: boolean;
  readonly onSignedIn: (session: Session) => void;
}

/** Asks the user to sign in, with a key or at the issuer. The key goes to the service only, and is not stored. */
export function SignIn({ methods: { key, oidc }, keepsPage, onSignedIn }: SignInProps) {
  const [failure, setFailure] = useState(() => OUTCOMES[location.hash] ?? null);
  const [sending, setSending] = useState(false);
  useEffect(() => {
    // It is shown once.
    if (OUTCOMES[location.hash]) history.replaceState(null, '', location.pathname + location.search);
  }, []);

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const text = String(new FormData(form).get('key') ?? '').trim();
    // Other characters cannot be sent in a header.
    if (!/^[\x21-\x7e]+$/.test(text)) return setFailure('Enter an API key.');
    setSending(true);
    setFailure(null);
    try {
      const session = await signIn(text);
      form.reset();
      onSignedIn(session);
    } catch (error) {
      const isUnknown = error instanceof ServiceError && error.status === 401;
      setFailure(isUnknown ? 'This key is not accepted: it is wrong, expired or revoked.' : describeError(error));
    }
    setSending(false);
  };

  return (
    <div class="sign-in">
      <Failure message={failure} />
      {oidc !== null ? (
        <p>
          <a
            class="button first"
            href={oidcPath(keepsPage ? 'new' : undefined)}
            target={keepsPage ? '_blank' : undefined}
          >
            Sign in at <Name of={oidc} max={60} />
            {keepsPage ? ' (opens a new tab)' : ''}
          </a>
        </p>
      ) : null}
      {key ? (
        <form onSubmit={submit} noValidate>
          <div class="field">
            <label for="api-key">API key</label>
            <input id="api-key" name="key" type="password" autoComplete="off" spellcheck={false} required />
          </div>
          <button type="submit" class={oidc === null ? 'first' : undefined} disabled={sending}>
            {sending ? 'Signing in…' : 'Sign in'}
          </button>
        </form>
      ) : null}
      {!key && oidc === null ? (
        <p class="note">
          This service accepts certificates of clients only: install yours in this browser, and reload.
        </p>
      ) : null}
    </div>
  );
}
