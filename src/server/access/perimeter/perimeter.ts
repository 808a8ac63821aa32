import type { IncomingMessage } from 'node:http';
import { show } from '../../../base/domain-error.js';
import { AccessError } from '../access-error.js';
import type { PerimeterCheck } from '../admission.js';
import type { RouteScope } from '../scopes.js';
import { AllowedHosts } from './allowed-hosts.js';
import { CorsOrigins } from './cors.js';
import { hasNoSite, isCrossSite } from './cross-site.js';
import { isSecure } from './security-headers.js';

export interface PerimeterSettings {
  readonly ALLOWED_HOSTS: string;
  readonly CORS_ORIGINS: string;
}

/** Keeps out what pages of other sites send through the browsers of people who can reach the service. */
export class Perimeter {
  readonly cors: CorsOrigins;
  private readonly hosts: AllowedHosts;
  private readonly isSecure: (request: IncomingMessage) => boolean;

  /**
   * `isSecureToBrowser`: whether a connection is secure up to the browser. Throws an Error that names an invalid setting.
   */
  constructor(
    { ALLOWED_HOSTS, CORS_ORIGINS }: PerimeterSettings,
    isSecureToBrowser: (request: IncomingMessage) => boolean = isSecure,
  ) {
    this.isSecure = isSecureToBrowser;
    this.hosts = new AllowedHosts(ALLOWED_HOSTS);
    this.cors = new CorsOrigins(CORS_ORIGINS);
  }

  /**
   * Returns `MISDIRECTED` for a name that is not the service's, and `CROSS_SITE` for a request that another site has caused, unless
   * it is a prediction for a page of `CORS_ORIGINS`. For almost every prediction, this is a look-up and two absent headers.
   */
  readonly check: PerimeterCheck = (request, scope) => {
    const host = addressedHost(request);
    // Without `Host` (HTTP/1.0) it is not the request of a browser.
    if (host !== undefined && !this.hosts.allows(host)) return misdirected(host);
    if (hasNoSite(request) || this.isAllowedElsewhere(request, scope)) return undefined;
    return isCrossSite(request, this.hosts, this.isSecure(request)) ? crossSite(request) : undefined;
  };

  /** Whether the origin may read predictions. OPTIONS asks beforehand, and has no effect. */
  private isAllowedElsewhere({ method, headers }: IncomingMessage, scope: RouteScope): boolean {
    return (scope === 'predict' || method === 'OPTIONS') && this.cors.allows(headers.origin);
  }
}

/** Returns the host of a request: that of its target, if it is a whole URL (RFC 9112, section 3.2.2), or else `Host`. */
function addressedHost({ url = '/', headers }: IncomingMessage): string | undefined {
  if (url.startsWith('/')) return headers.host;
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? headers.host;
}

function misdirected(host: string): AccessError {
  return new AccessError(
    'MISDIRECTED',
    `host: ${show(host)} is not a name of this service; if it should be, add it to ALLOWED_HOSTS`,
  );
}

function crossSite({ headers }: IncomingMessage): AccessError {
  const { origin, host } = headers;
  const from = origin === undefined ? `sec-fetch-site: ${show(headers['sec-fetch-site'])}` : `origin: ${show(origin)}`;
  return new AccessError(
    'CROSS_SITE',
    `${from} is not the site of this service, which the browser addresses as ${show(host)}. If this is its own page behind a ` +
      "proxy, let the proxy pass on the header host, or add the page's name to ALLOWED_HOSTS; CORS_ORIGINS lets pages of other " +
      'origins request predictions',
  );
}
