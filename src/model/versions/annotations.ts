import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { nullable } from '../../base/json/nullable.js';
import { invalidVersion, parseFile } from './card.js';
import { NOTE_SECTIONS, type NoteSection } from './note-sections.js';

/** Maximum letters of the description, and of each section of the notes. */
const MAX_TEXT = 4000;
const MAX_TAG = 64;
const MAX_TAGS = 20;

const Text = Type.String({ maxLength: MAX_TEXT });
const Tags = Type.Array(Type.String({ minLength: 1, maxLength: MAX_TAG }), { maxItems: MAX_TAGS, uniqueItems: true });
const SECTIONS = Object.keys(NOTE_SECTIONS) as NoteSection[];

function sections<Section extends ReturnType<typeof Type.String> | ReturnType<typeof nullable>>(text: Section) {
  const properties = SECTIONS.map((section) => [
    section,
    Type.Optional({ ...text, description: NOTE_SECTIONS[section][1] } as Section),
  ]);
  return Object.fromEntries(properties) as Record<NoteSection, ReturnType<typeof Type.Optional<Section>>>;
}

/** What people say of a version. It changes after the training, so the card does not contain it. */
export const Annotations = Type.Object({
  description: nullable(Text, { description: 'what the version is, in a few sentences' }),
  tags: Tags,
  notes: Type.Object(sections(Text), {
    description: 'the sections of the model card that only people can fill',
    additionalProperties: false,
  }),
});
export type Annotations = Static<typeof Annotations>;

/** A change of annotations, as JSON Merge Patch (RFC 7396): what is not named stays, and null clears. */
export const AnnotationsPatch = Type.Object(
  {
    description: Type.Optional(nullable(Text)),
    tags: Type.Optional(nullable(Tags)),
    notes: Type.Optional(nullable(Type.Object(sections(nullable(Text)), { additionalProperties: false }))),
  },
  { additionalProperties: false, 'x-schema': 'AnnotationsPatch' },
);
export type AnnotationsPatch = Static<typeof AnnotationsPatch>;

export const NO_ANNOTATIONS: Annotations = { description: null, tags: [], notes: {} };

/** The file of an archive that holds the annotations. The card does not list it, since they change after the training. */
export const ANNOTATIONS_FILE = 'annotations.json';

/** Maximum bytes of {@link ANNOTATIONS_FILE}. */
const MAX_BYTES = 2 ** 18;

/** Reads the annotations of an archive from the content of their file. Throws `INVALID_VERSION`. */
export function parseAnnotations(content: Uint8Array | undefined): Annotations {
  if (!content) return NO_ANNOTATIONS;
  if (content.byteLength > MAX_BYTES) {
    throw invalidVersion(`${ANNOTATIONS_FILE}: expected at most ${MAX_BYTES} bytes, got ${content.byteLength}`);
  }
  const value = parseFile(ANNOTATIONS_FILE, content);
  if (Value.Check(Annotations, value)) return patchAnnotations(NO_ANNOTATIONS, value);
  const [first] = Value.Errors(Annotations, value);
  throw invalidVersion(`${ANNOTATIONS_FILE}${first?.instancePath ?? ''}: ${first?.message ?? 'invalid'}`);
}

/** Returns whether there is nothing to store. */
export function isEmpty({ description, tags, notes }: Annotations): boolean {
  return description === null && tags.length === 0 && Object.keys(notes).length === 0;
}

/** Applies a change. Texts lose the spaces around them, and an empty one is none. */
export function patchAnnotations(annotations: Annotations, patch: AnnotationsPatch): Annotations {
  const { description = annotations.description, tags = annotations.tags, notes = {} } = patch;
  const changed = { ...annotations.notes, ...notes };
  const texts = SECTIONS.map((section) => [section, trimmed(notes === null ? null : changed[section])] as const);
  return {
    description: trimmed(description),
    tags: Array.from(new Set((tags ?? []).map((tag) => tag.trim()).filter((tag) => tag !== ''))),
    notes: Object.fromEntries(texts.filter(([, text]) => text !== null)) as Annotations['notes'],
  };
}

function trimmed(text: string | null | undefined): string | null {
  return text?.trim() || null;
}
