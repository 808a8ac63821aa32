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

/** Returns the message to show for a failed request. */
export function describeError(error: unknown): string {
  // `fetch` throws a TypeError if there is no response, or if it is cut off.
  if (error instanceof TypeError) return 'The service did not respond, or closed the connection.';
  return error instanceof Error ? error.message : String(error);
}
