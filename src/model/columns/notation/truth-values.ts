/** Texts of false and true, as programs write them, also in German and French. */
export const TRUTH_VALUES: readonly (readonly [string, string])[] = [
  ['false', 'true'],
  ['no', 'yes'],
  ['f', 't'],
  ['n', 'y'],
  ['falsch', 'wahr'],
  ['nein', 'ja'],
  ['faux', 'vrai'],
  ['non', 'oui'],
];

const CODES = new Map<string, number>(
  [...TRUTH_VALUES, ['0', '1'] as const].flatMap((pair) =>
    [...pair.entries()].map(([code, text]): [string, number] => [text, code]),
  ),
);

/** Returns 0 or 1 for a word in lower case; undefined for one that is neither false nor true. */
export function codeOfTruth(word: string): number | undefined {
  return CODES.get(word);
}
