import assert from 'node:assert/strict';

/**
 * What a credential looks like: keys of the service, signed tokens, headers and cookies that carry a credential, and private keys. The
 * support that starts services searches all that they log for it, so that every test with a real service looks for leaks.
 */
const CREDENTIALS = [
  /\brr_[a-z0-9]{4,32}_[\w-]{20,}/,
  /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/,
  /\b(?:Bearer|Basic) [\w~+/.=-]{16,}/,
  /\b[\w.-]+-(?:session|sign-in)=[\w-]{16,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
];

/** Throws if a text holds a credential. `where` names the text. */
export function assertNoCredentials(text: string, where: string): void {
  for (const pattern of CREDENTIALS) {
    const found = pattern.exec(text);
    // The message must not spread it further.
    assert.ok(!found, `${where} holds a credential: ${found?.[0].slice(0, 12)}…`);
  }
}
