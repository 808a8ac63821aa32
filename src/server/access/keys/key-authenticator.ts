import type { IncomingMessage } from 'node:http';
import { type Authenticator, type Identity, Rejection, type SecurityScheme } from '../authenticator.js';
import type { Principal } from '../principal.js';
import { isSingle, keyOf } from './key-credential.js';
import type { KeyRing } from './key-ring.js';

/** Maximum headers whose key is known without hashing it. */
const MAX_KNOWN = 10_000;

/** Recognises API keys. */
export class KeyAuthenticator implements Authenticator {
  readonly accepts = 'an API key (authorization: Bearer <key>, or x-api-key: <key>)';
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>> = {
    bearer: { type: 'http', scheme: 'bearer', description: 'an API key' },
    apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
    basic: { type: 'http', scheme: 'basic', description: 'an API key as the password, with any user name' },
  };
  private readonly ring: KeyRing;
  /**
   * Valid keys by the whole header that carried them. A look-up takes no longer for a header that begins like a valid one: it compares
   * texts only if their hashes are equal, and these depend on a random number of the process.
   */
  private readonly byAuthorization = new Map<string, Principal>();
  private readonly byApiKey = new Map<string, Principal>();

  constructor(ring: KeyRing) {
    this.ring = ring;
    ring.onChange(() => {
      this.byAuthorization.clear();
      this.byApiKey.clear();
    });
  }

  now({ headers, rawHeaders }: IncomingMessage): Principal | undefined {
    const { authorization, 'x-api-key': apiKey } = headers;
    let known: Principal | undefined;
    if (authorization === undefined) known = apiKey === undefined ? undefined : this.byApiKey.get(apiKey as string);
    else if (apiKey === undefined && isSingle(rawHeaders)) known = this.byAuthorization.get(authorization);
    return known?.expires !== undefined && known.expires <= Date.now() ? undefined : known;
  }

  identify(request: IncomingMessage): Identity {
    const known = this.now(request);
    if (known) return known;
    const key = keyOf(request);
    if (key === undefined || key instanceof Rejection) return key;
    const identity = this.ring.find(key);
    if (identity instanceof Rejection) return identity;
    const { authorization, 'x-api-key': apiKey } = request.headers;
    if (authorization === undefined) remember(this.byApiKey, apiKey as string, identity);
    else remember(this.byAuthorization, authorization, identity);
    return identity;
  }
}

function remember(known: Map<string, Principal>, header: string, principal: Principal): void {
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value!);
  known.set(header, principal);
}
