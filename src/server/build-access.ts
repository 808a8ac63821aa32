import type { Logger } from 'pino';
import { DomainError } from '../base/domain-error.js';
import { Admission, type LimitCheck, type PerimeterCheck } from './access/admission.js';
import { type AuthKind, authKinds } from './access/auth-kinds.js';
import type { Authenticator } from './access/authenticator.js';
import { clientAddress } from './access/client-address.js';
import { KeyAuthenticator } from './access/keys/key-authenticator.js';
import { KeyFile } from './access/keys/key-file.js';
import { KeyRing } from './access/keys/key-ring.js';
import type { Config } from './config.js';

/** Who may do what, with what the application must close at its end. */
export interface Access {
  readonly admission: Admission;
  readonly keys: KeyFile | undefined;
  close(): void;
}

/** Builds all that decides which requests are answered. Throws `INVALID_REQUEST` for settings that do not fit together. */
export function buildAccess(config: Config, log: Logger): Access {
  const kinds = authKinds(config.AUTH, configuredKinds(config));
  const perimeter: PerimeterCheck[] = [];
  const authenticators: Authenticator[] = [];
  const limits: LimitCheck[] = [];

  const ring = new KeyRing();
  const keys = kinds.includes('keys') ? new KeyFile(keyPath(config), ring, log) : undefined;
  if (keys) authenticators.push(new KeyAuthenticator(ring));

  // Nobody must believe to be protected by what is not there.
  if (kinds.length > authenticators.length) throw new DomainError('NOT_IMPLEMENTED', `AUTH=${kinds} is not available`);
  return {
    admission: new Admission({ perimeter, authenticators, limits, addressOf: clientAddress }),
    keys,
    close: () => keys?.close(),
  };
}

/** The kinds of credentials for which there are settings. */
function configuredKinds({ API_KEYS }: Config): AuthKind[] {
  return API_KEYS === '' ? [] : ['keys'];
}

function keyPath({ API_KEYS }: Config): string {
  if (API_KEYS !== '') return API_KEYS;
  throw new DomainError('INVALID_REQUEST', 'AUTH=keys needs API_KEYS, the file of the keys');
}
