import { show } from '../../base/domain-error.js';
import { HttpError } from './http-error.js';

/**
 * Returns the canonical name of the encoding in the parameter `charset` of a content type; undefined without one. Throws
 * `UNSUPPORTED_MEDIA_TYPE` for an unknown encoding.
 */
export function charsetOf(contentType: string | undefined): string | undefined {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType ?? '')?.[1];
  if (charset === undefined) return undefined;
  try {
    return new TextDecoder(charset).encoding;
  } catch (cause) {
    throw new HttpError('UNSUPPORTED_MEDIA_TYPE', `charset: expected a known encoding, got ${show(charset)}`, {
      cause,
    });
  }
}
