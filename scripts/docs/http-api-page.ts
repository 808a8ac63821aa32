/** How deep the fields of a reply are listed. */
const DEPTH = 2;
/** Groups of operations that are described in full, with their titles. The protocols of other servers have a page of their own. */
const NATIVE: Readonly<Record<string, string>> = {
  model: 'Models and predictions',
  training: 'Training and feedback',
  drift: 'Drift',
  monitoring: 'Monitoring',
  access: 'Access',
};

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly required?: readonly string[];
}

interface Content {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: Schema;
    readonly description?: string;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** Returns an OpenAPI document as Markdown: the native operations in full, then a table of the other protocols'. */
export function httpApi(openapi: Record<string, unknown>): string {
  const document = openapi as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      title: `${method.toUpperCase()} ${path.replaceAll('{', '<').replaceAll('}', '>')}`,
      tag: operation.tags?.[0] ?? '',
      operation,
    })),
  );
  const described = new Map<string, string>();
  const native = Object.entries(NATIVE).map(([tag, title]) => {
    const texts = operations
      .filter((each) => each.tag === tag)
      .map((each) => describe(each.title, each.operation, document, described));
    return `## ${title}\n\n${texts.join('\n')}`;
  });
  const others = operations
    .filter(({ tag }) => !(tag in NATIVE))
    .map(({ title, operation }) => `| \`${title}\` | ${cell(operation.summary ?? '')} |\n`);
  return [
    ...native,
    `## Protocols of other servers\n\n[Protocols](protocols.md) describes what these take and return.\n\n${table(['route', ''])}${others.join('')}`,
  ].join('\n');
}

/** Describes an operation. `described` has the tables of replies so far, with their operations: an equal one is not repeated. */
function describe(title: string, operation: Operation, document: Document, described: Map<string, string>): string {
  const { summary = '', description, parameters = [], requestBody, responses } = operation;
  const parts = [`### \`${title}\`\n`, `${escaped(summary)}.\n`];
  if (description && description !== summary) parts.push(`${escaped(description)}\n`);
  if (parameters.length > 0) {
    const rows = parameters.map(({ name, in: place, schema, description: text }) =>
      fieldRow(
        name,
        resolve(schema, document),
        `${place === 'query' ? '' : `${place}. `}${text ?? schema.description ?? ''}`,
      ),
    );
    parts.push(`${table(['parameter', 'type', ''])}${rows.join('')}`);
  }
  const body = contents(requestBody, document);
  if (body) parts.push(`The body is ${body.types}.\n`, ...body.rows);
  for (const [status, reply] of Object.entries(responses)) {
    if (!status.startsWith('2')) continue;
    const { types, rows } = contents(reply, document) ?? { types: 'without a body', rows: [] };
    const text = reply.description && reply.description !== 'Default Response' ? `: ${escaped(reply.description)}` : '';
    const [fieldTable = ''] = rows;
    const first = described.get(fieldTable);
    parts.push(`${status}, ${types}${text}${first ? `, with the fields of \`${first}\`` : ''}.\n`);
    if (fieldTable && !first) parts.push(fieldTable);
    described.set(fieldTable, fieldTable && (first ?? title));
  }
  const failures = Object.keys(responses).filter((status) => !status.startsWith('2'));
  if (failures.length > 0) parts.push(`[Errors](errors.md): ${failures.join(', ')}.\n`);
  return parts.join('\n');
}

/** Returns the media types of a body, and a table of its fields if it is JSON. */
function contents(body: Content | undefined, document: Document): { types: string; rows: string[] } | undefined {
  const types = Object.keys(body?.content ?? {});
  if (!body || types.length === 0) return undefined;
  const schema = body.content?.['application/json']?.schema;
  const rows = schema ? fields(resolve(schema, document), document, '', DEPTH) : [];
  return {
    types: types.map((type) => `\`${type}\``).join(', '),
    rows: rows.length > 0 ? [`${table(['field', 'type', ''])}${rows.join('')}`] : [],
  };
}

function fields(schema: Schema, document: Document, prefix: string, depth: number): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, unresolved]) => {
    const property = resolve(unresolved, document);
    const path = `${prefix}${name}`;
    const own = fieldRow(path, property, unresolved.description ?? property.description ?? '');
    if (depth <= 1) return [own];
    const items = property.items && resolve(property.items, document);
    const inner = items
      ? fields(items, document, `${path}[].`, depth - 1)
      : fields(property, document, `${path}.`, depth - 1);
    return [own, ...inner];
  });
}

function fieldRow(name: string, schema: Schema, text: string): string {
  return `| \`${name}\` | ${cell(typeOf(schema))} | ${cell(text)} |\n`;
}

function typeOf(schema: Schema): string {
  const { minimum, maximum, exclusiveMinimum, default: fallback } = schema;
  const above = exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`;
  const from = minimum === undefined ? above : ` from ${minimum}`;
  const to = maximum !== undefined && Math.abs(maximum) < Number.MAX_SAFE_INTEGER ? ` to ${maximum}` : '';
  return `${kindOf(schema)}${from}${to}${fallback === undefined ? '' : `, ${JSON.stringify(fallback)} by default`}`;
}

function kindOf({ type, enum: values, const: value, anyOf, oneOf, items, $ref, properties }: Schema): string {
  const options = anyOf ?? oneOf;
  if (values) return values.map((each) => JSON.stringify(each)).join(' or ');
  if (value !== undefined) return JSON.stringify(value);
  if (options) return Array.from(new Set(options.map(typeOf))).join(' or ');
  if (type === 'array') return items && typeOf(items) !== 'any' ? `array of ${typeOf(items)}` : 'array';
  if (Array.isArray(type)) return type.join(' or ');
  return String(type ?? ($ref || properties ? 'object' : 'any'));
}

function resolve(schema: Schema, document: Document): Schema {
  const name = schema.$ref?.split('/').at(-1);
  const found = name === undefined ? undefined : document.components?.schemas?.[name];
  return found ? { ...found, ...(schema.description && { description: schema.description }) } : schema;
}

function table(columns: readonly string[]): string {
  return `| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}\n`;
}

/** Angle brackets would be tags of HTML, also in headings; braces would be templates of the site. */
function escaped(text: string): string {
  return text.replaceAll(/`[^`]*`|[<>]/g, (part) => (part === '<' ? '&lt;' : part === '>' ? '&gt;' : part));
}

function cell(text: string): string {
  return escaped(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}
