import { useEffect, useRef, useState } from 'preact/hooks';
import { getSession, type Session, whenSessionEnds } from '../client/api.js';

/** Milliseconds between two attempts to reach the service. */
const RETRY_DELAY = 2000;
/** Lets the other tabs of the page know that the user has signed in or out in this one. */
const CHANNEL = 'session';

/** The session as the page knows it. */
export interface SessionState {
  /** Null before the first reply. */
  readonly session: Session | null;
  /** True if the user was signed in, and must sign in again. */
  readonly hasEnded: boolean;
  /** Called when the user has signed in with this page. */
  readonly onSignedIn: (session: Session) => void;
}

/** Lets the other tabs know. */
export function announce(event: 'signed-in' | 'signed-out'): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(event);
  channel.close();
}

/** Follows who is signed in. Another user finds nothing of the one before: the page begins anew. */
export function useSession(): SessionState {
  const [session, setSession] = useState<Session | null>(null);
  const [hasEnded, setHasEnded] = useState(false);
  const latest = useRef<Session['principal']>(null);
  const resume = useRef<() => void>(() => {});

  const take = (next: Session) => {
    const former = latest.current;
    if (former && !next.principal) return setHasEnded(true);
    if (former && next.principal!.id !== former.id) return location.reload();
    latest.current = next.principal;
    setSession(next);
    setHasEnded(false);
    resume.current();
  };
  const onSignedIn = (next: Session) => {
    take(next);
    announce('signed-in');
  };

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const look = () =>
      void getSession().then(take, () => {
        timer = setTimeout(look, RETRY_DELAY);
      });
    whenSessionEnds(() => {
      look();
      return new Promise((resolve) => {
        resume.current = resolve;
      });
    });
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data }) => {
      // Whoever has signed out leaves nothing on the screen.
      if (data === 'signed-out' && latest.current) location.reload();
      else look();
    };
    look();
    return () => {
      clearTimeout(timer);
      channel.close();
    };
  }, []);

  return { session, hasEnded, onSignedIn };
}
