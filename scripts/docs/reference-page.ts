/** Marks between which a page holds what is generated. */
const BEGIN = '<!-- generated: npm run reference -->';
const END = '<!-- /generated -->';

/** Returns a page with other generated text. Throws if it lacks the marks. */
export function withGenerated(page: string, text: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page lacks ${BEGIN} or ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${text}\n${page.slice(end)}`;
}
