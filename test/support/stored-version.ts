import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const STORED = fileURLToPath(new URL('../../../test/fixtures/stored-version', import.meta.url));

/** Rows of cars that the stored version predicted when it was made, and its predictions in mpg. */
export const STORED_ROWS = [
  [8, 307, 130, 3504, 12, 70, 1],
  [4, 97, 88, 2130, 14.5, 71, 3],
];
export const STORED_PREDICTIONS = [16.458176, 24.127407];

/** Copies a model's directory as an earlier release left it: version 1, its aliases and ledgers, and its drift state. */
export function copyStoredVersion(directory: string): void {
  cpSync(STORED, directory, { recursive: true });
}
