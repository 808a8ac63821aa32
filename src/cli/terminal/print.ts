/** Prints a result: as one JSON value, or as text for people. */
export function print(isJson: boolean | undefined, value: unknown, text: () => string): void {
  process.stdout.write(isJson ? `${JSON.stringify(value, null, 2)}\n` : text());
}

/**
 * Prints a summary of a result: as one line of JSON, to standard output unless the result itself went there (`isOutput`); or as text,
 * to standard error.
 */
export function printSummary(
  isJson: boolean | undefined,
  isOutput: boolean,
  summary: unknown,
  text: () => string,
): void {
  if (isJson && !isOutput) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else remark(isJson ? JSON.stringify(summary) : text());
}

/** Prints a remark that is not the result. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}
