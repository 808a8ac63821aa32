import { shown } from './format.js';

/** What went wrong, in the service's words; said aloud when it appears. */
export function Failure({ message }: { message: string | null }) {
  return (
    <div role="alert">
      {message ? (
        <p class="failure">
          <span aria-hidden="true">▲ </span>
          <bdi class="name">{shown(message, 600)}</bdi>
        </p>
      ) : null}
    </div>
  );
}

/** The words for an error of a request. */
export function told(error: unknown): string {
  // `fetch` throws a TypeError if nothing answers, or if the answer is cut off.
  if (error instanceof TypeError) return 'The service did not answer, or closed the connection.';
  return error instanceof Error ? error.message : String(error);
}
