import assert from 'node:assert/strict';

const TOKEN = /<!DOCTYPE html>|<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9:-]*="[^"<>]*")*)\s*(\/?)>|[^<]+/gy;
const TEXT = /^(?:[^<>&]|&#\d+;)*$/;
const ATTRIBUTE = /([a-zA-Z][a-zA-Z0-9:-]*)="([^"]*)"/g;

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/**
 * Asserts that a page is well-formed: every element is closed, every attribute quoted, nothing but entities has a meaning in text, and
 * each id is there once. Stricter than HTML, which would mend it in silence. Returns the elements, in their order.
 */
export function assertWellFormed(page: string): Element[] {
  const [before, style = '', after = ''] = page.split(/<style>|<\/style>/);
  assert.doesNotMatch(style, /[<]/, 'the style sheet has markup');
  const markup = `${before}<style></style>${after}`;
  const open: string[] = [];
  const elements: Element[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < markup.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(markup);
    assert.ok(match, `neither a tag nor text: ${markup.slice(at, at + 80)}`);
    const [token, closing, name, list, selfClosing] = match;
    if (name === undefined) {
      if (!token.startsWith('<!')) assert.match(token, TEXT);
    } else if (closing) {
      assert.equal(open.pop(), name, `closed before ${markup.slice(at, at + 80)}`);
    } else {
      const attributes = new Map(Array.from(list!.matchAll(ATTRIBUTE), ([, key, value]) => [key!, value!] as const));
      for (const value of attributes.values()) assert.match(value, TEXT);
      elements.push({ name, attributes });
      if (!selfClosing) open.push(name);
    }
  }
  assert.deepEqual(open, []);
  const ids = elements.flatMap(({ attributes }) => attributes.get('id') ?? []);
  assert.deepEqual(ids, Array.from(new Set(ids)));
  return elements;
}
