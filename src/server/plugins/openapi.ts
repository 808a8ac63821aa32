import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { DomainError } from '../../base/domain-error.js';
import { loadPackage } from '../../base/node/load-package.js';
import type { Admission } from '../access/admission.js';
import { REFERENCE_POLICY } from '../access/perimeter/security-headers.js';
import type { PredictionService, Serving } from '../service/prediction/prediction-service.js';
import { describeFeatures } from './openapi/features.js';
import { nameOperations } from './openapi/operation-ids.js';
import { completeSchemas, type Document } from './openapi/schema-marks.js';

/** Name under which the package adds the function that returns the document. */
const DECORATOR = 'modelOpenapi';

/** Serves the OpenAPI document at `/openapi.json`, and as a page at `/docs`, with the serving model's own feature names. */
export async function openapi(
  app: FastifyInstance,
  service: PredictionService,
  { authenticators }: Pick<Admission, 'authenticators'>,
): Promise<void> {
  const schemes = Object.assign({}, ...authenticators.map(({ securitySchemes }) => securitySchemes));
  await app.register(swagger, {
    // The application may have registered this package for a document of its own.
    decorator: DECORATOR,
    // Paths are relative to the document's server.
    transform: ({ schema, url }) => ({ schema: schema ?? {}, url: url.slice(app.prefix.length) || '/' }),
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
  });
  let complete: Document | undefined;
  // The names of many features make a long document: it is written once for each version.
  let written: { readonly serving: Serving | undefined; readonly document: Served; text?: string } | undefined;
  const current = () => {
    const serving = service.servingIfReady;
    if (!written || written.serving?.card !== serving?.card) {
      complete ??= completed(
        structuredClone((app as unknown as Record<typeof DECORATOR, () => object>)[DECORATOR]()) as Document,
      );
      // Locations are relative to the document, so that they are right behind a prefix that a proxy strips.
      const document = { ...structuredClone(complete), servers: [{ url: '.' }] };
      describeFeatures(document, serving?.card);
      written = { serving, document };
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
      url: url.slice(app.prefix.length),
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
async function buildPage(document: () => Served): Promise<FastifyInstance> {
  const swaggerUi = loadPackage('@fastify/swagger-ui') as typeof import('@fastify/swagger-ui').default;
  const page = fastify();
  await page.register(swagger, {
    mode: 'static',
    specification: { document: document() } as unknown as StaticDocumentSpec,
  });
  await page.register(swaggerUi, {
    routePrefix: '/docs',
    transformSpecification: document,
    transformSpecificationClone: false,
  });
  return page;
}

type Served = Document & { readonly servers: readonly { readonly url: string }[] };

function completed(document: Document): Document {
  nameOperations(document);
  completeSchemas(document);
  return document;
}
