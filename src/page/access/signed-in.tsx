import { useEffect } from 'preact/hooks';
import { announce } from './session.js';

/** What a new tab shows after the sign-in that another tab has asked for, and which goes on there. */
export function SignedIn() {
  useEffect(() => announce('signed-in'), []);
  return (
    <section class="panel" aria-labelledby="signed-in-title">
      <h2 id="signed-in-title">You are signed in</h2>
      <p class="note">Close this tab and continue in the other one, where everything is as you left it.</p>
      <p>
        <a href="./">Open the page here</a>
      </p>
    </section>
  );
}
