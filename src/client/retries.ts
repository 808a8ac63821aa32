import { errorOf, ServiceError } from './service-error.js';

/** How often a request is sent again, and how late. */
export interface RetryOptions {
  /** Maximum number of times that a request is sent again; 0 for never. 4 by default. */
  readonly retries?: number | undefined;
  /** Maximum wait before the next attempt, in milliseconds. If the service asks for more, its refusal counts. 30,000 by default. */
  readonly maxDelay?: number | undefined;
}

export interface Attempt {
  /** Sends the request, once for each attempt. */
  readonly send: () => Promise<Response>;
  /** Whether the request may have had its effect if no reply arrived, and must not have it twice. */
  readonly once: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Statuses of requests that were refused before they had any effect, and may succeed later. */
const REFUSED = new Set([429, 503]);
/** Wait before the second attempt, in milliseconds. It doubles with each one. */
const FIRST_DELAY = 250;

/**
 * Sends a request until it is not refused with 429 or 503, and, unless it is to be sent `once`, until there is a reply. The wait
 * doubles each time, is never less than the `Retry-After` of the refusal, and is up to half as long again at random, so that
 * clients that were refused together do not return together. Resolves with the first reply of success. Throws a
 * {@link ServiceError}, or the reason of the signal.
 */
export async function withRetries({ send, once, signal }: Attempt, options: RetryOptions): Promise<Response> {
  const { retries = 4, maxDelay = 30_000 } = options;
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    let error: ServiceError;
    let minDelay = 0;
    try {
      const response = await send();
      if (response.ok) return response;
      minDelay = retryAfter(response.headers.get('retry-after'));
      error = await errorOf(response);
      if (!REFUSED.has(response.status)) throw error;
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof ServiceError) throw cause;
      error = unreachable(cause);
      if (once) throw error;
    }
    const delay = Math.max(minDelay, FIRST_DELAY * 2 ** attempt) * (1 + Math.random() / 2);
    if (attempt >= retries || minDelay > maxDelay) throw error;
    await pause(Math.min(delay, Math.max(minDelay, maxDelay)), signal);
  }
}

/** Milliseconds of a `Retry-After`, in seconds or as a date; 0 without one. */
function retryAfter(text: string | null): number {
  if (text === null) return 0;
  const milliseconds = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Math.max(0, milliseconds) || 0;
}

function unreachable(cause: unknown): ServiceError {
  const { message, code } = ((cause as Error | undefined)?.cause ?? cause) as { message?: string; code?: string };
  return new ServiceError(
    `the service did not answer: ${message || code || cause}`,
    { status: 0, code: 'UNREACHABLE' },
    null,
    cause,
  );
}

/** Waits. Throws the reason of the signal. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}
