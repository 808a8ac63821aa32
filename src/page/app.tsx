import { Account } from './access/account.js';
import { NoAccess } from './access/no-access.js';
import { Scopes } from './access/scopes.js';
import { useSession } from './access/session.js';
import { SignInDialog } from './access/sign-in-dialog.js';
import { SignedIn } from './access/signed-in.js';
import { SignedOut } from './access/signed-out.js';
import { Frame } from './frame.js';
import { Workspace } from './workspace.js';

/** The whole page: asks for a credential where one is required, then shows what it allows. */
export function App() {
  const { session, hasEnded, onSignedIn } = useSession();
  if (!session) return <Frame status="Connecting…" />;
  const { principal, sign_in: methods } = session;
  if (!principal) {
    return (
      <Frame status="Not signed in">
        <SignedOut methods={methods} onSignedIn={onSignedIn} />
      </Frame>
    );
  }
  const account = <Account principal={principal} openTo={session.open_to} />;
  const { scopes } = principal;
  return (
    <Scopes.Provider value={scopes}>
      {location.hash === '#signed-in' ? (
        <Frame account={account}>
          <SignedIn />
        </Frame>
      ) : scopes.includes('read') ? (
        <Workspace account={account} isSignedOut={hasEnded} />
      ) : (
        <Frame account={account}>
          <NoAccess principal={principal} />
        </Frame>
      )}
      {hasEnded ? <SignInDialog methods={methods} onSignedIn={onSignedIn} /> : null}
    </Scopes.Provider>
  );
}
