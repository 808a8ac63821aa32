/** Milliseconds within which a reply must have arrived completely. */
const TIMEOUT = 5000;
/** Maximum bytes of a reply: metadata, key sets and tokens have a few kilobytes. */
const MAX_BYTES = 2 ** 18;

/** Names of this machine, to which a request cannot be intercepted on the way. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Requests a URL of the issuer as `fetch` does, with bounds: `https`, or `http` to this machine; no redirect, which could lead to
 * another place; {@link TIMEOUT} and {@link MAX_BYTES}. Throws an Error that names the URL without its query.
 */
export async function fetchBounded(target: string | URL, init: RequestInit = {}): Promise<Response> {
  const url = secureUrl(String(target));
  const place = url.origin + url.pathname;
  const timeout = AbortSignal.timeout(TIMEOUT);
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal });
    const { status, statusText, headers } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      throw new Error('it redirects, which is not followed');
    }
    const body = await readBounded(response);
    return new Response(status === 204 || status === 304 ? null : body, { status, statusText, headers });
  } catch (cause) {
    throw new Error(`${place}: ${reasonOf(cause, timeout)}`, { cause });
  }
}

/** Returns a URL that may be requested. Throws an Error for `http` to another machine, and for other protocols. */
export function secureUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw new Error(`${JSON.stringify(text.slice(0, 200))} is not a URL`);
  const isSecure = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!isSecure) throw new Error(`${url.origin}${url.pathname}: expected https, or http on this machine`);
  if (url.username || url.password) throw new Error(`${url.origin}${url.pathname}: expected no credentials in the URL`);
  return url;
}

async function readBounded({ body }: Response): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the rest.
  for await (const piece of body ?? []) {
    size += piece.length;
    if (size > MAX_BYTES) throw new Error(`the reply has more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Uint8Array.from(Buffer.concat(pieces));
}

/** The message of `fetch` is always "fetch failed"; its cause says why. */
function reasonOf(error: unknown, timeout: AbortSignal): string {
  if (timeout.aborted) return `no complete reply within ${TIMEOUT / 1000} s`;
  const { message, cause } = error as Error & { cause?: Error & { code?: string } };
  return cause ? cause.message || cause.code || message : message;
}
