import type { X509Certificate } from 'node:crypto';

/**
 * The names under which a record of the key file may know a certificate: its common name (`CN=…`), its alternative names
 * (`DNS:…`, `URI:…`, `email:…`) and its SHA-256 fingerprint. A name that Node.js has to quote, because it contains a separator, is
 * left out: it could be read as several.
 */
export function certificateNames({ subject, subjectAltName, fingerprint256 }: X509Certificate): ReadonlySet<string> {
  const common = (subject ?? '').split('\n').filter((line) => /^CN=[^"\\+]+$/.test(line));
  const alternative = (subjectAltName ?? '').split(', ').filter((name) => /^(DNS|URI|email):[^"\\]+$/.test(name));
  const isQuoted = subjectAltName?.includes('"') ?? false;
  return new Set([...(common.length === 1 ? common : []), ...(isQuoted ? [] : alternative), fingerprint256]);
}
