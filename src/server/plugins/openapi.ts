import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { DomainError } from '../../base/domain-error.js';
import { loadPackage } from '../../base/node/load-package.js';
import { DATATYPES } from '../../model/columns/datatypes.js';
import { isNumeric } from '../../model/tables/row-model.js';
import type { Admission } from '../access/admission.js';
import { REFERENCE_POLICY } from '../access/perimeter/security-headers.js';
import type { PredictionService, Serving } from '../service/prediction/prediction-service.js';
import { exampleRow, featureSchemas, namedRowSchema } from '../service/versions/input-schema.js';

/** Serves the OpenAPI document at `/openapi.json`, and as a page at `/docs`, with the serving model's own feature names. */
export async function openapi(
  app: FastifyInstance,
  service: PredictionService,
  { authenticators }: Pick<Admission, 'authenticators'>,
): Promise<void> {
  const schemes = Object.assign({}, ...authenticators.map(({ securitySchemes }) => securitySchemes));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'reconstruction-regressor',
        description:
          'Predicts numbers and reconstructs its inputs; the error shows how far they are from the training data. Whatever ' +
          'the route, a request that is not HTTP, arrives too slowly, has too large headers or expects more than ' +
          '100-continue is refused with 400, 408, 431 or 417, in the form of all errors.',
        version: '1',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      ...(Object.keys(schemes).length > 0 && { components: { securitySchemes: schemes } }),
      tags: [{ name: 'model' }, { name: 'training' }, { name: 'drift' }, { name: 'monitoring' }, { name: 'access' }],
    },
    refResolver: { buildLocalReference: (schema, _base, _fragment, i) => String(schema['$id'] ?? `schema-${i}`) },
  });
  // The names of many features make a long document: it is written once for each version.
  let written: { readonly serving: Serving | undefined; readonly document: Document; text?: string } | undefined;
  const current = () => {
    const serving = service.servingIfReady;
    if (!written || written.serving?.card !== serving?.card) {
      const document = { ...(structuredClone(app.swagger()) as Document), servers: [{ url: '.' }] };
      written = { serving, document: describeFeatures(document, serving) };
    }
    return written;
  };
  app.get('/openapi.json', { schema: { hide: true }, config: { scope: 'read' } }, async (_request, reply) => {
    const latest = current();
    latest.text ??= JSON.stringify(latest.document);
    return reply.type('application/json; charset=utf-8').send(latest.text);
  });

  let page: Promise<FastifyInstance> | undefined;
  const showPage = async (request: FastifyRequest, reply: FastifyReply) => {
    page ??= buildPage(() => ({ ...current().document, servers: [{ url: '..' }] }));
    // After a failure, for example without a free file descriptor, the next request tries again.
    page.catch(() => {
      page = undefined;
    });
    const { url, headers } = request;
    const answer = await (await page).inject({
      url,
      headers: Object.fromEntries(CONDITIONS.flatMap((name) => (headers[name] ? [[name, headers[name]]] : []))),
    });
    if (answer.statusCode >= 500) throw new Error(`the page of the interface failed: ${answer.body}`);
    if (answer.statusCode >= 400) {
      throw new DomainError('NOT_FOUND', `there is no ${request.method} ${url.replace(/\?.*/, '').slice(0, 200)}`);
    }
    for (const name of PAGE_HEADERS) {
      const value = answer.headers[name];
      if (value !== undefined) reply.header(name, value);
    }
    return reply.code(answer.statusCode).header('content-security-policy', REFERENCE_POLICY).send(answer.rawPayload);
  };
  // Locations are relative, so that they are right behind a prefix.
  const hidden = { schema: { hide: true }, config: { scope: 'read' } } as const;
  app.get('/docs', hidden, (_request, reply) => reply.redirect('docs/'));
  for (const path of ['/docs/static/', '/docs/static/index.html']) {
    app.get(path, hidden, (_request, reply) => reply.redirect('../'));
  }
  app.get('/docs/*', hidden, showPage);
}

/** Headers that the page's own application sees. Parts of files are not served. */
const CONDITIONS = ['if-none-match', 'if-modified-since'];
/** Headers that are copied from the page's own application; all other headers are the same on every reply. */
const PAGE_HEADERS = ['content-type', 'cache-control', 'etag', 'last-modified'];

/** Builds an application of its own for the page, at the first request: loading it takes as long as the whole start. */
async function buildPage(document: () => Document): Promise<FastifyInstance> {
  const swaggerUi = loadPackage('@fastify/swagger-ui') as typeof import('@fastify/swagger-ui').default;
  const page = fastify();
  await page.register(swagger, { mode: 'static', specification: { document: document() } as StaticDocumentSpec });
  await page.register(swaggerUi, {
    routePrefix: '/docs',
    transformSpecification: document,
    transformSpecificationClone: false,
  });
  return page;
}

interface Document {
  /** Relative to the document, so that they are right behind a prefix that a proxy strips. */
  readonly servers: readonly { readonly url: string }[];
  readonly paths?: Record<string, { post?: { requestBody?: { content?: Record<string, { schema?: BodySchema }> } } }>;
}

type BodySchema = { properties?: { instances?: RowsSchema } };

interface RowsSchema {
  description?: string;
  items?: { anyOf?: unknown[] };
  example?: unknown;
}

/** Adds the serving model's features, in order, with their types, and a typical row to every prediction route. */
function describeFeatures(document: Document, serving: Serving | undefined): Document {
  if (!serving) return document;
  const { card } = serving;
  const { features, columns } = card;
  const row = exampleRow(card);
  const example = [row];
  const anyOf = [
    {
      type: 'array',
      description: `in this order: ${features.join(', ')}`,
      prefixItems: featureSchemas(card),
      minItems: features.length,
      maxItems: features.length,
    },
    namedRowSchema(card),
  ];
  const native = document.paths?.['/predict']?.post?.requestBody?.content?.['application/json']?.schema;
  for (const tensors of findMarked(document, 'x-tensors')) {
    tensors.example = isNumeric(card)
      ? [{ name: 'inputs', shape: [1, features.length], datatype: 'FP32', data: row }]
      : columns!.map(({ name, type }, j) => ({ name, shape: [1], datatype: DATATYPES[type], data: [row[j]] }));
    tensors.description += `; the features are, in this order: ${features.join(', ')}`;
  }
  const marked = [native?.properties?.instances ?? [], findMarked(document, 'x-rows')].flat();
  for (const rows of marked) if (rows.items) Object.assign(rows, { items: { anyOf }, example });
  return document;
}

/** Finds the schemas that protocols mark with the key `mark`, and removes the key. */
function findMarked(node: unknown, mark: string): RowsSchema[] {
  if (typeof node !== 'object' || node === null) return [];
  if (mark in node) {
    delete (node as Record<string, unknown>)[mark];
    return [node as RowsSchema];
  }
  return Object.values(node).flatMap((each) => findMarked(each, mark));
}
