import type { Document } from './schema-marks.js';

/**
 * Names the operations whose routes name none, such as `postV1ModelsNamePredict` for `POST /v1/models/{name}:predict`.
 * Generated clients name their functions by them.
 */
export function nameOperations({ paths = {} }: Document): void {
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const words = path.split(/\W+/).filter((word) => word !== '');
      operation.operationId ??= method + words.map(capitalised).join('');
    }
  }
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
