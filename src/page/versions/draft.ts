import type { Annotations } from '../../model/versions/annotations.js';
import { NOTE_SECTIONS, type NoteSection } from '../../model/versions/note-sections.js';

/** The texts of the form, by field: `description`, `tags`, and the sections of the notes. */
export type Draft = Readonly<Record<string, string>>;

export const SECTIONS = Object.keys(NOTE_SECTIONS) as NoteSection[];
const FIELDS = ['description', 'tags', ...SECTIONS];

/** Returns the form's texts for what is stored. */
export function draftOf({ description, tags, notes }: Annotations): Draft {
  return {
    description: description ?? '',
    tags: tags.join(', '),
    ...Object.fromEntries(SECTIONS.map((section) => [section, notes[section] ?? ''])),
  };
}

/** Returns the change from one form to another: what differs, and nothing else. */
export function changeOf(before: Draft, after: Draft) {
  const isChanged = (field: string) => after[field] !== before[field];
  const notes = SECTIONS.filter(isChanged).map((section) => [section, after[section] || null]);
  return {
    ...(isChanged('description') && { description: after['description'] || null }),
    ...(isChanged('tags') && { tags: tagsIn(after['tags']!) }),
    ...(notes.length > 0 && { notes: Object.fromEntries(notes) as Record<string, string | null> }),
  };
}

/** Returns a draft on top of what another user has stored meanwhile, and the fields that both have changed. */
export function rebase(before: Draft, draft: Draft, theirs: Draft): { draft: Draft; conflicts: string[] } {
  const isMine = (field: string) => draft[field] !== before[field];
  const merged = FIELDS.map((field) => [field, isMine(field) ? draft[field]! : theirs[field]!] as const);
  const conflicts = FIELDS.filter(
    (field) => isMine(field) && theirs[field] !== before[field] && theirs[field] !== draft[field],
  );
  return { draft: Object.fromEntries(merged), conflicts };
}

function tagsIn(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim());
  return Array.from(new Set(tags.filter((tag) => tag !== '')));
}
