import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** What a browser may do with a reply that is not a page: nothing but show it, and in no frame. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** What a page may load and call: only what the service itself serves. No frame shows it. */
const OWN = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};
/** For the web page: text never becomes code. A name or a cell is shown, not run. */
export const PAGE_POLICY = policyOf({ ...OWN, 'require-trusted-types-for': "'script'", 'trusted-types': "'none'" });
/** For the API reference: Swagger UI has its images in its style sheet, and writes markup, which it cleans before, as text. */
export const REFERENCE_POLICY = policyOf({
  ...OWN,
  'img-src': "'self' data:",
  // That of its logo.
  'style-src': "'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='",
});

/** Headers of every reply. A page replaces the policy by its own. */
const HEADERS = Object.entries({
  'content-security-policy': DATA_POLICY,
  'x-content-type-options': 'nosniff',
  // No page of another origin gets the bytes of a reply, not even as an image or a script that it cannot read.
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
});
/** The same as lines of a head, for replies that are written to a socket. */
export const SECURITY_LINES = HEADERS.map(([name, value]) => `${name}: ${value}\r\n`).join('');

/** A year of TLS only. Not for all names below this one, which are not the service's to decide. */
const STRICT = { name: 'strict-transport-security', value: 'max-age=31536000' };
const STRICT_LINES = `${SECURITY_LINES}${STRICT.name}: ${STRICT.value}\r\n`;
const LOCALHOST = /(^|\.)localhost\.?(:\d*)?$/i;

function policyOf(directives: Readonly<Record<string, string>>): string {
  return Object.entries(directives)
    .map((directive) => directive.join(' '))
    .join('; ');
}

/** Sets the headers of every reply. */
export function setSecurityHeaders(request: IncomingMessage, response: ServerResponse): void {
  for (const [name, value] of HEADERS) response.setHeader(name, value);
  if (isStrict(request)) response.setHeader(STRICT.name, STRICT.value);
}

/** Returns the headers of a reply to `request`, as lines of its head. */
export function securityLines(request: IncomingMessage): string {
  return isStrict(request) ? STRICT_LINES : SECURITY_LINES;
}

/** Returns whether a request came over TLS that this process ends. */
export function isSecure({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}

/** For localhost, the header would also apply to all other services of the machine. */
function isStrict(request: IncomingMessage): boolean {
  return isSecure(request) && !LOCALHOST.test(request.headers.host ?? '');
}
