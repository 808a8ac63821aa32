import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LARGE_BODY, readJson } from '../../base/json/parse-json.js';
import type { WaitingRows } from '../../model/feedback/feedback-database.js';
import type { Columns, TableInfo } from '../../model/tables/table-file.js';
import { JSON_TYPE } from '../http/media-types.js';
import type { FeedbackRows, FeedbackTerms } from '../service/feedback/feedback-rows.js';
import { BodyReader } from './body-reader.js';

/**
 * Reads JSON bodies that hold a table. Of a large one the event loop sees an outline, which the schema is asked about;
 * the rows stay in the thread, or come from there as plain numbers. It is parsed twice, so that nothing need be kept for
 * who may never come.
 */
export class LargeBodies {
  private readonly reader = new BodyReader();
  private readonly bodies = new WeakMap<object, Uint8Array>();

  /** Reads the JSON bodies of the routes of `app`, which are those of one plugin. */
  takeBodies(app: FastifyInstance): void {
    app.addHook('onClose', () => this.close());
    app.removeContentTypeParser(JSON_TYPE);
    app.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (_request: FastifyRequest, body: Buffer) =>
      this.parse(body),
    );
  }

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

  /** The rows of feedback, with those of the predictions that it answers if it has ids. Rejects with what `readFeedback` and `joinTargets` throw. */
  feedback(outline: object, terms: FeedbackTerms, waiting?: readonly WaitingRows[]): Promise<FeedbackRows> {
    return this.reader.feedback({ body: this.bodies.get(outline)!, ...terms, waiting });
  }

  async close(): Promise<void> {
    await this.reader.close();
  }
}
