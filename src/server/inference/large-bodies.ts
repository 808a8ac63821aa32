import { webcrypto } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseWithGaps } from '../../base/json/nonfinite-tokens.js';
import { readJson } from '../../base/json/parse-json.js';
import type { KnownPrediction } from '../../model/feedback/labelled-batch.js';
import type { TableInfo } from '../../model/tables/table-file.js';
import type { Payload } from '../bodies/collect-body.js';
import { LARGE_BODY } from '../bodies/large-body.js';
import { readBytes } from '../bodies/raw-body.js';
import { JSON_TYPE } from '../http/media-types.js';
import type { FeedbackRows, FeedbackTerms, JoinedRows } from '../service/feedback/feedback-rows.js';
import type { BodyReader } from './body-reader.js';
import type { TableTerms } from './json-training-table.js';

/**
 * Parses JSON bodies that hold a table. The route and its schema see only an outline of a large one; a thread reads its
 * rows and returns plain numbers, or writes a table. It parses the body twice, because parsed rows that were stored in
 * the thread would stay there if the request failed in between.
 */
export class LargeBodies {
  private readonly reader: BodyReader;
  private readonly bodies = new WeakMap<object, Uint8Array>();

  constructor(reader: BodyReader) {
    this.reader = reader;
  }

  /** Parses all JSON bodies of the routes in the plugin `app`. */
  addParser(app: FastifyInstance): void {
    app.removeContentTypeParser(JSON_TYPE);
    app.addContentTypeParser(JSON_TYPE, async (request: FastifyRequest, payload: Payload) =>
      this.parse(await readBytes(request, payload)),
    );
  }

  /** Returns the body, or its outline if it is large. Rejects with `INVALID_JSON`. */
  async parse(body: Buffer): Promise<unknown> {
    if (body.length <= LARGE_BODY) return readJson(body, parseWithGaps);
    const outlined = await this.reader.outline({ body });
    const { outline } = outlined;
    if (typeof outline === 'object' && outline !== null) this.bodies.set(outline, outlined.body);
    return outline;
  }

  /** Returns true if `parsed` is the outline of a large body. */
  has(parsed: object): boolean {
    return this.bodies.has(parsed);
  }

  /** Writes the rows of the outlined body to a table. Rejects with what `jsonToTable` throws. */
  write(outline: object, directory: string, terms: TableTerms): Promise<TableInfo> {
    return this.reader.table({ body: this.bodies.get(outline)!, directory, ...terms });
  }

  /** Reads the rows of feedback. Rejects with what `readFeedback` throws. */
  feedback(outline: object, terms: FeedbackTerms): Promise<FeedbackRows> {
    return this.reader.feedback({ body: this.bodies.get(outline)!, ...terms });
  }

  /** Joins the predictions that the body's ids name with their targets. Rejects with what `joinTargets` throws. */
  answers(outline: object, predictions: readonly KnownPrediction[], terms: FeedbackTerms): Promise<JoinedRows> {
    return this.reader.answers({ body: this.bodies.get(outline)!, predictions, ...terms });
  }

  /** Returns a hash of the body; equal for equal bodies. It is computed in Node's thread pool. */
  async digest(parsed: object): Promise<string> {
    const bytes = this.bodies.get(parsed) ?? Buffer.from(JSON.stringify(parsed));
    return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString(
      'base64url',
    );
  }
}
