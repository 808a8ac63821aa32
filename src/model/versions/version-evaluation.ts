import type { Evaluation } from '../evaluation/evaluation.js';
import { readEvaluation } from '../evaluation/read-evaluation.js';
import { type Card, invalidVersion, sha256 } from './card.js';

/** The summary of the errors on the held-out rows; versions of earlier releases and of few rows have none. */
export const EVALUATION_FILE = 'evaluation.json';

/**
 * Reads the evaluation of a version from the content of its file; null for a version without. Throws `INVALID_VERSION` if it is
 * not the one that the card lists.
 */
export function evaluationOf({ files, targets }: Card, content: Uint8Array | undefined): Evaluation | null {
  const listed = Object.hasOwn(files, EVALUATION_FILE) ? files[EVALUATION_FILE] : undefined;
  if (!listed) return null;
  if (!content) throw invalidVersion(`${EVALUATION_FILE}: the file is missing`);
  if (sha256(content) !== listed.sha256) {
    throw invalidVersion(`${EVALUATION_FILE}: its checksum is not the card's; the file was changed`);
  }
  return readEvaluation(Buffer.from(content).toString(), targets);
}
