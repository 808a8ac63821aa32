/** Markup that is safe to insert as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Html | readonly Value[] | string | number | null | undefined | false;

/**
 * A template of markup. Values are escaped, in text and between double quotes, unless they are markup themselves. Lists are joined;
 * null, undefined and false are nothing.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.reduce((text, part, i) => `${text}${markupOf(values[i - 1])}${part}`));
}

function markupOf(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(markupOf).join('');
  return escaped(String(value));
}

/** What HTML gives a meaning, and the control characters that it has no place for. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced.
const SPECIAL = /[&<>"'`]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;

function escaped(text: string): string {
  return text.replace(SPECIAL, (special) =>
    special >= ' ' && special < '~' ? `&#${special.charCodeAt(0)};` : '\ufffd',
  );
}
