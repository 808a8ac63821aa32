import { Compile } from 'typebox/schema';
import type { FuzzCase } from './fuzz-case.js';
import { decodedBody, type HttpReply } from './http-reply.js';

/** The parts of an OpenAPI document that describe replies. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  /** Schemas that others refer to. */
  readonly components?: object;
}
interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema?: object }>>;

interface Route {
  readonly path: string;
  readonly pattern: RegExp;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** What is known of the request that a reply answers. */
interface Context {
  readonly first: boolean;
  /** True if the request has reached the routes. */
  readonly known: boolean;
  readonly operation: Operation | undefined;
  readonly documented: { readonly content?: Content } | undefined;
}

/** What a reply breaks. */
export interface Breach {
  readonly kind: string;
  readonly route: string;
  readonly status: number;
  readonly detail: string;
}

/** Statuses that belong to no route: the request is not HTTP, too slow or too large for its reader, or not for this server. */
const CONNECTION_STATUSES = new Set([400, 408, 413, 417, 421, 431, 505]);
/** Statuses where there is no such route; or where nobody has looked, because the request is refused before. */
const NO_ROUTE_STATUSES = new Set([400, 403, 404, 405, 421, 503]);
/** Paths that are pages and not described: only their errors have a form. */
const PAGES = /^\/(docs(\/|$)|openapi\.json$|assets\/|[\w.-]+\.(js|css|svg|html)$)/;

/** Paths that are another way to write a documented one. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['/v2/', '/v2'],
  ['*', '/'],
]);

/** Compares replies with an OpenAPI document. */
export class Contract {
  private readonly routes: readonly Route[];
  private readonly components: object;
  private readonly validators = new Map<object, ReturnType<typeof Compile>>();

  constructor({ paths, components = {} }: OpenApi) {
    this.components = components;
    this.routes = Object.entries(paths)
      .map(([path, operations]) => ({ path, pattern: patternOf(path), operations }))
      .sort((a, b) => parametersOf(a.path) - parametersOf(b.path) || b.path.length - a.path.length);
  }

  /** What the first reply to a request breaks, and the others: statuses and forms that are not documented. */
  breaches(fuzz: FuzzCase, replies: readonly HttpReply[]): Breach[] {
    return replies.flatMap((reply, i) => {
      // What follows the first reply answers the rest of a pipeline, or of a body that was longer than announced.
      const known = i === 0 && !fuzz.damaged && reply.headers.has('x-request-id');
      const { method, target } = fuzz.request;
      const verb = (method === 'HEAD' ? 'GET' : method).toLowerCase();
      const found = known ? this.find(target, verb) : undefined;
      const operation = found?.operations[verb];
      const name = !known ? '(connection)' : nameOf(method, found, operation);
      const documented = operation && responseOf(operation, reply.status);
      const context = { first: i === 0, known, operation, documented };
      return Array.from(this.check(fuzz, reply, context), ([kind, detail]) => ({
        kind,
        route: name,
        status: reply.status,
        detail,
      }));
    });
  }

  private *check(
    { request, damaged }: FuzzCase,
    reply: HttpReply,
    { first, known, operation, documented }: Context,
  ): Generator<[kind: string, detail: string]> {
    const { status, complete } = reply;
    const page = PAGES.test(pathOf(request.target) ?? '');
    if (status >= 500 && status !== 503 && status !== 501) yield ['server error', text(reply)];
    else if (known && operation && !documented) yield ['undocumented status', text(reply)];
    else if (known && !operation && !page && !NO_ROUTE_STATUSES.has(status)) yield ['undocumented status', text(reply)];
    else if (first && !known && request.honest && !CONNECTION_STATUSES.has(status)) {
      yield ['undocumented status', text(reply)];
    }
    if (!complete || status === 204 || status === 304 || request.method === 'HEAD' || damaged) return;
    if (page && status < 400) return;
    const content = documented?.content ?? (status >= 400 ? ERROR_CONTENT : undefined);
    const wrong = content && this.formError(reply, content);
    if (wrong) yield [`undocumented form: ${wrong}`, text(reply)];
  }

  private formError(reply: HttpReply, content: Content): string | undefined {
    let body: Buffer;
    try {
      body = decodedBody(reply);
    } catch {
      return 'not as its content-encoding';
    }
    const type = (reply.headers.get('content-type') ?? '').replace(/;.*/, '').trim();
    if (type === '' && body.length === 0 && 'text/plain' in content) return undefined;
    const described = content[type];
    if (!described) return type ? `content-type ${type}` : 'no content-type';
    if (type !== 'application/json' || !described.schema) return undefined;
    try {
      // MLflow's health is an empty line of JSON.
      const json = body.toString();
      const value: unknown = json === '\n' ? '' : JSON.parse(json);
      return this.validator(described.schema).Check(value) ? undefined : 'not as its schema';
    } catch {
      return 'not JSON';
    }
  }

  private validator(schema: object): ReturnType<typeof Compile> {
    const known = this.validators.get(schema);
    if (known) return known;
    const validator = Compile({ ...schema, components: this.components });
    this.validators.set(schema, validator);
    return validator;
  }

  /** The most literal route of this method, or else of another one. */
  private find(target: string, verb: string): Route | undefined {
    const path = pathOf(target);
    if (path === undefined) return undefined;
    const matching = this.routes.filter(({ pattern }) => pattern.test(path));
    return matching.find(({ operations }) => verb in operations) ?? matching[0];
  }
}

/** The decoded path that a router sees; undefined if it cannot be decoded. */
function pathOf(target: string): string | undefined {
  // Refused before it is routed.
  if (/^https?:/i.test(target) && (target.includes('#') || !URL.canParse(target))) return undefined;
  const path = target.replace(/^https?:\/\/[^/]*/, '').replace(/[?#].*/, '') || '/';
  try {
    // An encoded slash is no border of segments.
    const decoded = decodeURIComponent(path.replaceAll(/%2f/gi, '%252f'));
    return ALIASES.get(decoded) ?? decoded;
  } catch {
    return undefined;
  }
}

const FIELDS = ['error', 'code', 'request_id'];
const ERROR_CONTENT: Content = {
  'application/json': {
    schema: {
      type: 'object',
      required: FIELDS,
      properties: Object.fromEntries(FIELDS.map((name) => [name, { type: 'string' }])),
    },
  },
};

/** The response that is described for a status. */
function responseOf({ responses }: Operation, status: number): { content?: Content } | undefined {
  return responses[status] ?? responses['default'];
}

function nameOf(method: string, route: Route | undefined, operation: Operation | undefined): string {
  if (!route) return '(no route)';
  return operation ? `${method} ${route.path}` : '(no such method of a route)';
}

function parametersOf(path: string): number {
  return path.split('{').length - 1;
}

function patternOf(path: string): RegExp {
  const escaped = path.replace(/[.*+?^$()[\]\\|]/g, '\\$&').replace(/\{\w+\}/g, '[^/]*?');
  // TensorFlow Serving's own server does not heed the case of its paths.
  return new RegExp(`^${escaped}$`, path.startsWith('/v1/models/') ? 'i' : '');
}

function text({ body }: HttpReply): string {
  return JSON.stringify(body.toString('latin1', 0, 200));
}
