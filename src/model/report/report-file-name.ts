/** Returns the name under which the report of a version is saved; of one that has no number, without. */
export function reportFileName(name: string, version: number | null): string {
  return `model-${name.replace(/[^\w.-]+/g, '_')}${version === null ? '' : `-v${version}`}-report.html`;
}
