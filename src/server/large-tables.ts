import type { Columns, TableInfo } from '../model/table.js';
import { LARGE_BODY, readJson } from './json-body.js';
import { JsonReader } from './json-reader.js';

/**
 * Reads JSON bodies that hold a table. Of a large one the event loop sees an outline, which the schema is asked about;
 * the rows go from the thread to the disk. It is parsed twice, so that nothing need be kept for who may never come.
 */
export class LargeTables {
  private readonly reader = new JsonReader();
  private readonly bodies = new WeakMap<object, Uint8Array>();

  /** The body, or its outline if it is large. Rejects with `INVALID_JSON`. */
  async parse(body: Buffer): Promise<unknown> {
    if (body.length <= LARGE_BODY) return readJson(body.toString());
    const outlined = await this.reader.outline({ body });
    const { outline } = outlined;
    if (typeof outline === 'object' && outline !== null) this.bodies.set(outline, outlined.body);
    return outline;
  }

  /** Whether `parsed` is but an outline. */
  has(parsed: object): boolean {
    return this.bodies.has(parsed);
  }

  /** Writes the rows of the body whose outline is given to a table. Rejects with what `jsonToTable` throws. */
  write(outline: object, directory: string, model: Columns | undefined, replace: boolean): Promise<TableInfo> {
    return this.reader.table({ body: this.bodies.get(outline)!, directory, model, replace });
  }

  async close(): Promise<void> {
    await this.reader.close();
  }
}
