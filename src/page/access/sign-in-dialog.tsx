import { useEffect, useRef } from 'preact/hooks';
import { SignIn, type SignInProps } from './sign-in.js';

/** Asks the user to sign in again, above the page with all that has been entered. */
export function SignInDialog({ methods, onSignedIn }: Pick<SignInProps, 'methods' | 'onSignedIn'>) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="sign-in-title"
      onCancel={(event) => event.preventDefault()}
      // A browser closes it at the second Escape.
      onClose={() => dialog.current?.showModal()}
    >
      <h2 id="sign-in-title">Your session has ended</h2>
      <p>Sign in to continue. What you have entered is still here.</p>
      <SignIn methods={methods} keepsPage={true} onSignedIn={onSignedIn} />
    </dialog>
  );
}
