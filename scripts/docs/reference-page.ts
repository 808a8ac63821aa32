/** Marks between which a page holds what is generated. */
interface Marks {
  readonly begin: string;
  readonly end: string;
}

const GENERATED: Marks = { begin: '<!-- generated: npm run reference -->', end: '<!-- /generated -->' };

/** Returns a page with other generated text. Throws if it lacks the marks. */
export function withGenerated(page: string, text: string, marks = GENERATED): string {
  const begin = page.indexOf(marks.begin);
  const end = page.indexOf(marks.end);
  if (begin < 0 || end < begin) throw new Error(`the page lacks ${marks.begin} or ${marks.end}`);
  return `${page.slice(0, begin)}${marks.begin}\n\n${text}\n${page.slice(end)}`;
}
