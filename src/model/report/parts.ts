import { type Html, html } from '../../base/html/html.js';
import { printable } from '../../base/text/figures.js';
import { NOTE_SECTIONS, type NoteSection } from '../versions/note-sections.js';
import type { ReportInput } from './report-input.js';

/** A cell of a table. */
export type Cell = Html | string | number | null | undefined;

/** An untrusted name, which does not change the direction of the text around it. */
export function name(text: string, max = 60): Html {
  return html`<bdi class="name">${printable(text, max)}</bdi>`;
}

/** A section of the report. Its id is that of the table of contents. */
export function section(
  id: string,
  title: string,
  ...content: readonly (Html | readonly Html[] | false | null)[]
): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>
`;
}

/** A table with a caption. The first cell of each row is its header; `numbers` are the columns that are aligned to the right. */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  numbers: readonly number[] = [],
): Html {
  const align = (column: number) => (numbers.includes(column) ? html` class="number"` : '');
  const cell = (value: Cell, column: number) =>
    column === 0 ? html`<th scope="row"${align(0)}>${value}</th>` : html`<td${align(column)}>${value ?? '–'}</td>`;
  return html`<div class="scroll" role="group" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((label, column) => html`<th scope="col"${align(column)}>${label}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table></div>
`;
}

/** Names with their values. */
export function facts(entries: readonly (readonly [string, Cell] | false | null)[]): Html {
  const known = entries.filter((entry) => entry !== false && entry !== null);
  return html`<dl>
${known.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>\n`)}</dl>
`;
}

/** The first `max` of many, and how many more there are. */
export function firstOf<Item>(items: readonly Item[], max: number): { shown: readonly Item[]; more: Html } {
  const more = items.length - max;
  const count = new Intl.NumberFormat('en').format(more);
  return {
    shown: items.slice(0, max),
    more: more > 0 ? html`<p class="note">&#8230; and ${count} more</p>\n` : html``,
  };
}

/** A section of the model card that only people can fill: their text, or what is missing. */
export function written({ annotations }: ReportInput, which: NoteSection, hasHeading = true): Html {
  const text = annotations.notes[which];
  const [heading, hint] = NOTE_SECTIONS[which];
  return html`${hasHeading ? html`<h3>${heading}</h3>\n` : ''}${
    text === undefined ? html`<p class="open"><strong>To be filled in:</strong> ${hint}.</p>\n` : prose(text)
  }`;
}

/** Characters that change the direction of the text after them. */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g;

/** An untrusted text of several paragraphs and lines. */
export function prose(text: string): Html {
  const paragraphs = text
    .replaceAll('\r\n', '\n')
    .replace(DIRECTIONS, '')
    .split(/\n\s*\n/);
  return html`${paragraphs.map((paragraph) => html`<p class="prose" dir="auto">${paragraph.trim()}</p>\n`)}`;
}
