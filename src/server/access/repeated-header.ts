/**
 * Returns whether a header comes more than once. Of several, Node.js shows the first one (`Host`, `Authorization`), and another server on the way
 * may have looked at another one. `name` is in lower case; `usual` is how most clients write it, for which no copy is made: this is
 * called for every prediction.
 */
export function isRepeated(rawHeaders: readonly string[], name: string, usual: string): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const header = rawHeaders[i]!;
    if (header.length !== name.length) continue;
    if (header === usual || header === name || header.toLowerCase() === name) count++;
  }
  return count > 1;
}
