import { SignIn, type SignInProps } from './sign-in.js';

/** What a user sees who has not signed in. */
export function SignedOut({ methods, onSignedIn }: Pick<SignInProps, 'methods' | 'onSignedIn'>) {
  return (
    <section class="panel" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">Sign in</h2>
      <p class="note">This service requires a credential.</p>
      <SignIn methods={methods} keepsPage={false} onSignedIn={onSignedIn} />
    </section>
  );
}
