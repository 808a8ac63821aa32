import type { IncomingHttpHeaders } from 'node:http';
import { type AllowedHosts, hostName } from './allowed-hosts.js';

/** Values of `Sec-Fetch-Site` of requests that no other site has caused: by the page itself, or by the person at the browser. */
const OWN: ReadonlySet<unknown> = new Set(['same-origin', 'none']);

/** The part of a request that shows which site has caused it. */
export interface SiteRequest {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Returns whether a request has no header by which a browser says which site has caused it, as those of other programs. */
export function hasNoSite({ headers }: SiteRequest): boolean {
  return headers.origin === undefined && headers['sec-fetch-site'] === undefined;
}

/**
 * Returns whether a page of another origin has caused a request: by `Origin`, which browsers send with every request that is not
 * GET or HEAD, or with `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/), which they send to localhost and over TLS. Programs
 * other than browsers send neither. What is left for pages of other sites is a link to this one: a GET that opens it in a window.
 *
 * `isSecure`: whether the connection is secure up to the browser.
 */
export function isCrossSite({ method, headers }: SiteRequest, hosts: AllowedHosts, isSecure: boolean): boolean {
  const { origin, host } = headers;
  if (origin !== undefined && !isOwnOrigin(origin, host, hosts, isSecure)) return true;
  const site = headers['sec-fetch-site'];
  return site !== undefined && !OWN.has(site) && !isLink({ method, headers });
}

function isLink({ method, headers }: SiteRequest): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  );
}

/**
 * Returns whether `origin` is where a browser sees this service: the host and port of the request. A proxy that replaces `Host` hides
 * them; then it is a name that `ALLOWED_HOSTS` lists, at the port of its scheme. `null`, of sandboxed frames and files, is foreign.
 */
function isOwnOrigin(origin: string, host: string | undefined, hosts: AllowedHosts, isSecure: boolean): boolean {
  const [, scheme, authority] = /^(https?):\/\/([^/]+)$/.exec(origin.toLowerCase()) ?? [];
  // A page of http://x is foreign to https://x: on the way to the browser anybody can replace it.
  if (!scheme || !authority || host === undefined || (isSecure && scheme === 'http')) return false;
  const own = withoutPort(host.toLowerCase(), scheme);
  const caller = withoutPort(authority, scheme);
  if (own === caller) return true;
  return hosts.lists(caller) && hostName(host) !== caller;
}

/** Removes the port that a scheme has by itself. */
function withoutPort(authority: string, scheme: string): string {
  return authority.replace(scheme === 'https' ? /:443$/ : /:80$/, '');
}
