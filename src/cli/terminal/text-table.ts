import Table from 'cli-table3';

const NOTHING = '';
/** No lines: a table of words and spaces is read by people and by `awk`. */
const PLAIN = {
  ...{ top: NOTHING, 'top-mid': NOTHING, 'top-left': NOTHING, 'top-right': NOTHING },
  ...{ bottom: NOTHING, 'bottom-mid': NOTHING, 'bottom-left': NOTHING, 'bottom-right': NOTHING },
  ...{ left: NOTHING, 'left-mid': NOTHING, mid: NOTHING, 'mid-mid': NOTHING },
  ...{ right: NOTHING, 'right-mid': NOTHING, middle: '  ' },
};

/** Returns a table as text, without colours. In a terminal too narrow for it, each row is a list of its own. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
) {
  const table = new Table({
    head: [...head],
    chars: PLAIN,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, i) => (numbers.includes(i) ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => row.map(printable)));
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const columns = process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
  if (lines.every((line) => line.length <= columns)) return `${lines.join('\n')}\n`;
  return rows.map((row) => row.map((cell, i) => `${head[i]}: ${printable(cell)}\n`).join('')).join('\n');
}

/** Returns a name from a file without what would control the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}

/** Returns a number with four significant digits. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}
