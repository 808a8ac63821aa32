/** Name of the document with the annotations of a version. */
export function annotationsDocument(version: number): string {
  return `annotations-${version}.json`;
}

/** Returns the version whose annotations a document holds; undefined for any other document. */
export function annotatedVersion(document: string): number | undefined {
  const number = /^annotations-([1-9]\d{0,14})\.json$/.exec(document)?.[1];
  return number === undefined ? undefined : Number(number);
}
