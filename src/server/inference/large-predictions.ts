import { RowParser } from '../../base/json/row-parser.js';
import { TimeSlice } from '../../base/node/time-slice.js';
import { readCsvRows } from '../../model/tables/csv/csv-rows.js';
import type { Rows } from '../../model/tables/rows.js';
import { HttpError } from '../http/http-error.js';
import { ARROW_TYPE, CSV_TYPE, JSON_TYPE, type RowType } from '../http/media-types.js';
import type { DriftService } from '../service/drift/drift-service.js';
import { explain } from '../service/drift/explanation.js';
import type { FeedbackService } from '../service/feedback/feedback-service.js';
import type { Observation, PredictionService } from '../service/prediction/prediction-service.js';
import type { BodyReader } from './body-reader.js';
import { csvReplyParts } from './csv-reply.js';
import { predictReplyParts } from './json-reply.js';

export interface LargePredictionsOptions {
  readonly service: PredictionService;
  readonly reader: BodyReader;
  readonly drift: DriftService;
  readonly feedback: FeedbackService;
  readonly maxRows: number;
  readonly allowMissing: boolean;
}

/** Numbers that are read or written before somebody else may have a turn. */
const NUMBERS_OF_A_PART = 4096;
/** Rows that are explained in one part, each a dozen objects, if they have eight features. */
const EXPLAINED_NUMBERS = 512;

/** What is asked for beside the predictions. */
export interface Asked {
  readonly explain: boolean;
  readonly ids: boolean;
}

/** A request's rows, and what its reply is to be. */
export interface LargeRequest extends Asked {
  readonly body: Buffer;
  readonly given: RowType;
  readonly wanted: RowType;
}

export interface LargeAnswer {
  readonly body: Buffer;
  readonly version: number;
  /** If asked for; null if the rows could not be kept. */
  readonly predictionId: string | null | undefined;
}

/** Answers prediction requests so large that they must give way to others, and all that are not JSON: in parts. */
export class LargePredictions {
  private readonly options: LargePredictionsOptions;

  constructor(options: LargePredictionsOptions) {
    this.options = options;
  }

  /** A reply of the type that is wanted, with what is asked for. Rejects as a small request would be refused. */
  answer(request: LargeRequest): Promise<LargeAnswer> {
    const { service, feedback } = this.options;
    const { wanted, explain: explained, ids } = request;
    return service.hold(async (serving) => {
      if (explained && wanted !== JSON_TYPE) {
        throw new HttpError('INVALID_QUERY', `explain: expected a reply of ${JSON_TYPE} (accept), not ${wanted}`);
      }
      const slice = new TimeSlice();
      const { rows, count } = await this.read(request, serving.card.features, slice);
      const observation = await service.predictInSlices(serving, rows, count, slice);
      const predictionId = ids ? await feedback.retainPrediction(observation) : undefined;
      const body = await this.write(observation, request, predictionId, slice);
      return { body, version: serving.version, predictionId };
    });
  }

  private async write(
    observation: Observation,
    { wanted, explain: explained }: LargeRequest,
    id: string | null | undefined,
    slice: TimeSlice,
  ): Promise<Buffer> {
    if (wanted === ARROW_TYPE) {
      const { arrowReply } = await import('./arrow-reply.js');
      return arrowReply(observation, id ? { prediction_id: id } : {});
    }
    const { features, targets } = observation.serving.card;
    const some = Math.max(
      1,
      Math.floor((explained ? EXPLAINED_NUMBERS : NUMBERS_OF_A_PART) / (explained ? features : targets).length),
    );
    const explanations = (from: number, to: number) => explain(observation, this.options.drift, from, to);
    const texts =
      wanted === CSV_TYPE
        ? csvReplyParts(observation, some)
        : predictReplyParts(observation, some, explained ? explanations : undefined);
    const parts: Buffer[] = [];
    for (const text of texts) {
      parts.push(Buffer.from(text));
      await slice.yieldIfOver();
    }
    if (wanted === JSON_TYPE) {
      parts.push(Buffer.from(id === undefined ? '}' : `,"prediction_id":${JSON.stringify(id)}}`));
    }
    return Buffer.concat(parts);
  }

  private async read({ body, given }: LargeRequest, features: readonly string[], slice: TimeSlice): Promise<Rows> {
    const { maxRows, allowMissing } = this.options;
    if (given === CSV_TYPE) return readCsvRows(body, features, maxRows, allowMissing);
    if (given === ARROW_TYPE) {
      const { readArrowRows } = await import('../../model/tables/arrow/arrow-rows.js');
      return readArrowRows(body, features, maxRows, allowMissing, slice);
    }
    const parser = new RowParser();
    const reading = parser.parseInParts(
      body,
      features.length,
      Math.max(1, Math.floor(NUMBERS_OF_A_PART / features.length)),
    );
    let step = reading.next();
    for (; !step.done; step = reading.next()) await slice.yieldIfOver();
    const count = step.value;
    if (count > 0 && count <= maxRows) return { rows: parser.rows, count };
    return this.options.reader.read({ body, features, maxRows, allowMissing });
  }
}
