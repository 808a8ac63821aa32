/**
 * Completes the schemas of an OpenAPI document for programs that generate clients from it:
 *
 * - one with `x-schema: <name>` moves to `components.schemas`, and is referred to wherever it stands;
 * - one with `x-content: binary | text` becomes that of a string. Routes leave it open, because what they validate and send is
 *   bytes or a stream;
 * - tuples become arrays with one schema of their items, as JSON Schema 2020-12 has it, and lists of texts get their type.
 *
 * Throws an Error if two schemas that differ have the same name.
 */
export function completeSchemas(document: Document): void {
  const schemas: Record<string, Node> = {};
  document.paths = complete(document.paths ?? {}, schemas) as NonNullable<Document['paths']>;
  document.components = { ...document.components, schemas: Object.fromEntries(Object.entries(schemas).sort(byName)) };
}

export interface Document {
  paths?: Record<string, Record<string, { operationId?: string }>>;
  components?: { schemas?: Record<string, Node> };
}

export type Node = Record<string, unknown>;

/** Keys whose values are data, in which nothing is a mark. */
const DATA = new Set(['example', 'examples', 'default', 'enum', 'const']);

function complete(node: unknown, schemas: Record<string, Node>): unknown {
  if (Array.isArray(node)) return node.map((each) => complete(each, schemas));
  if (typeof node !== 'object' || node === null) return node;
  const { 'x-schema': name, 'x-content': content, ...rest } = node as Node;
  const completed: Node = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, DATA.has(key) ? value : complete(value, schemas)]),
  );
  if (content) Object.assign(completed, { type: 'string' }, content === 'binary' && { format: 'binary' });
  if (Array.isArray(completed['items'])) completed['items'] = eitherOf(completed['items']);
  const { enum: values, type } = completed;
  if (Array.isArray(values) && type === undefined && values.every((value) => typeof value === 'string')) {
    // A tab is an alternative of `tab`, and breaks the generator of Go.
    Object.assign(completed, { type: 'string', enum: values.filter((value) => value !== '\t') });
  }
  return typeof name === 'string' ? refer(name, completed, schemas) : completed;
}

/** Names a schema, and returns the reference to it. The description of a place may differ from that of the schema. */
function refer(name: string, { description, ...schema }: Node, schemas: Record<string, Node>): Node {
  const { description: known, ...former } = schemas[name] ?? {};
  if (!(name in schemas)) schemas[name] = description === undefined ? schema : { description, ...schema };
  else if (JSON.stringify(former) !== JSON.stringify(schema)) throw new Error(`two schemas are named ${name}`);
  return { $ref: `#/components/schemas/${name}`, ...(name in schemas && description !== known && { description }) };
}

function eitherOf(items: readonly unknown[]): unknown {
  const distinct = Array.from(new Map(items.map((item) => [JSON.stringify(item), item])).values());
  return distinct.length === 1 ? distinct[0] : { anyOf: distinct };
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
