import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ANNOTATIONS_FILE, Annotations, isEmpty, NO_ANNOTATIONS } from '../versions/annotations.js';
import { type Card, parseCard } from '../versions/card.js';
import { file, type VersionFiles } from '../versions/version.js';
import { annotationsDocument } from './annotations-document.js';
import type { FileStore } from './file-store.js';

const Document = Type.Object({
  model: Type.String({ description: 'checksum of the card of its version' }),
  annotations: Annotations,
});

/**
 * Reads the annotations of a version; none if there are none, if they belong to another model that had the same number before, or if
 * they are broken. `onBroken` is called if they are.
 */
export async function readAnnotations(
  store: FileStore,
  version: number,
  { checksum }: Pick<Card, 'checksum'>,
  onBroken: () => void = () => {},
): Promise<Annotations> {
  const text = await store.readDocument(annotationsDocument(version));
  if (text === undefined) return NO_ANNOTATIONS;
  const document = parse(text);
  if (document) return document.model === checksum ? document.annotations : NO_ANNOTATIONS;
  onBroken();
  return NO_ANNOTATIONS;
}

/** Reads the files of a version, with its annotations as another file, as an archive holds them. Throws as `FileStore.read`. */
export async function readAnnotated(store: FileStore, version: number): Promise<VersionFiles> {
  const files = new Map(await store.read(version));
  const annotations = await readAnnotations(store, version, parseCard(file(files, 'card.json')));
  return isEmpty(annotations) ? files : files.set(ANNOTATIONS_FILE, Buffer.from(JSON.stringify(annotations)));
}

/** Writes the annotations of a version, or deletes their document if there are none. */
export async function writeAnnotations(
  store: FileStore,
  version: number,
  { checksum }: Pick<Card, 'checksum'>,
  annotations: Annotations,
): Promise<void> {
  const name = annotationsDocument(version);
  if (isEmpty(annotations)) return store.removeDocument(name);
  const document: Static<typeof Document> = { model: checksum, annotations };
  await store.writeDocument(name, JSON.stringify(document));
}

function parse(text: string): Static<typeof Document> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(Document, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
