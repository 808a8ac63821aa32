/** Prints a result: as one JSON value, or as text for people. */
export function print(isJson: boolean | undefined, value: unknown, text: () => string): void {
  process.stdout.write(isJson ? `${JSON.stringify(value, null, 2)}\n` : text());
}

/** Prints a remark that is not the result. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}
