import { useState } from 'preact/hooks';
import { printable } from './format.js';

/** An error message; screen readers announce it when it appears. */
export function Failure({ message }: { message: string | null }) {
  return (
    <div role="alert">
      {message ? (
        <p class="failure">
          <span aria-hidden="true">▲ </span>
          <bdi class="name">{printable(message, 600)}</bdi>
        </p>
      ) : null}
    </div>
  );
}

/** Returns why the latest work failed, null unless it did, and a function that does work. */
export function useFailure(): [string | null, (work: () => Promise<unknown>) => Promise<void>] {
  const [failure, setFailure] = useState<string | null>(null);
  const attempt = async (work: () => Promise<unknown>) => {
    setFailure(null);
    await work().catch((error: unknown) => setFailure(describeError(error)));
  };
  return [failure, attempt];
}

/** Returns the message to show for a failed request. */
export function describeError(error: unknown): string {
  // `fetch` throws a TypeError if there is no response, or if it is cut off.
  if (error instanceof TypeError) return 'The service did not respond, or closed the connection.';
  return error instanceof Error ? error.message : String(error);
}
