import { RowParser } from '../model/row-parser.js';
import { Turns } from '../model/turns.js';
import type { DriftWatch } from './drift-watch.js';
import { explain } from './explanation.js';
import type { Feedback } from './feedback.js';
import { JsonReader } from './json-reader.js';
import { predictReplyParts } from './predict-reply.js';
import type { PredictionService } from './service.js';

export interface LargePredictionsOptions {
  readonly service: PredictionService;
  readonly drift: DriftWatch;
  readonly feedback: Feedback;
  readonly maxRows: number;
  readonly allowMissing: boolean;
}

/** Numbers that are read or written before somebody else may have a turn. */
const NUMBERS_OF_A_PART = 4096;
/** Rows that are explained in one part, each a dozen objects, if they have eight features. */
const EXPLAINED_NUMBERS = 512;

/** Answers prediction requests so large that they must give way to others: read, computed and written in parts. */
export class LargePredictions {
  private readonly options: LargePredictionsOptions;
  private readonly reader = new JsonReader();

  constructor(options: LargePredictionsOptions) {
    this.options = options;
  }

  /** The JSON of a `PredictReply`, with what is asked for. Rejects as a small request would be refused. */
  answer(body: Buffer, { explain: explained, ids }: { explain: boolean; ids: boolean }): Promise<Buffer> {
    const { service, drift, feedback } = this.options;
    return service.hold(async (serving) => {
      const turns = new Turns();
      const { features, targets } = serving.card;
      const { rows, count } = await this.read(body, features, turns);
      const observation = await service.predictInTurns(serving, rows, count, turns);
      const some = Math.max(
        1,
        Math.floor((explained ? EXPLAINED_NUMBERS : NUMBERS_OF_A_PART) / (explained ? features : targets).length),
      );
      const explanations = (from: number, to: number) => explain(observation, drift, from, to);
      const parts: Buffer[] = [];
      for (const part of predictReplyParts(observation, some, explained ? explanations : undefined)) {
        parts.push(Buffer.from(part));
        await turns.next();
      }
      if (ids) {
        const id = await feedback.expect(observation);
        parts.push(Buffer.from(`,"prediction_id":${JSON.stringify(id)}`));
      }
      return Buffer.concat([...parts, Buffer.from('}')]);
    });
  }

  async close(): Promise<void> {
    await this.reader.close();
  }

  private async read(
    body: Buffer,
    features: readonly string[],
    turns: Turns,
  ): Promise<{ rows: Float32Array; count: number }> {
    const { maxRows, allowMissing } = this.options;
    const parser = new RowParser();
    const reading = parser.parseInParts(
      body,
      features.length,
      Math.max(1, Math.floor(NUMBERS_OF_A_PART / features.length)),
    );
    let step = reading.next();
    for (; !step.done; step = reading.next()) await turns.next();
    const count = step.value;
    if (count > 0 && count <= maxRows) return { rows: parser.rows, count };
    return this.reader.read({ body, features, maxRows, allowMissing });
  }
}
