import type { Codebook } from '../columns/codebook.js';
import { MAX_LEVELS } from '../columns/column.js';
import type { CodedColumns } from './coded-columns.js';
import type { FeedbackFile } from './feedback-file.js';
import type { LabelledBatch } from './labelled-batch.js';

/** Gives all levels that the model does not know the code that it has for them, in place. */
export function withoutTexts(features: Float32Array, { features: names, codebook }: CodedColumns): Float32Array {
  codebook?.forEach((codes, j) => {
    if (codes.type !== 'category') return;
    for (let at = j; at < features.length; at += names.length) {
      if (features[at]! > codes.levels.length) features[at] = codes.levels.length;
    }
  });
  return features;
}

/**
 * The texts of levels that the models did not know, which the next training may learn. The code of the first is one above that of a
 * level without text, which is the number of the model's levels. A feature has at most `MAX_LEVELS` of them.
 */
export class UnknownLevels {
  private readonly file: FeedbackFile;

  constructor(file: FeedbackFile) {
    this.file = file;
  }

  /** Returns the features of a batch, in which the unknown levels of its rows from index `from` to before `to` have codes of their own. */
  withCodes({ features, unknown = [], columns }: LabelledBatch, id: number, from: number, to: number): Float32Array {
    const inRange = unknown.filter(({ row }) => row >= from && row < to);
    if (inRange.length === 0) return features;
    const coded = features.slice();
    const codes = new Map<string, number>();
    for (const { row, feature, text } of inRange) {
      const codebook = columns.codebook?.[feature];
      if (codebook?.type !== 'category') continue;
      const key = `${feature} ${text}`;
      const code = codes.get(key) ?? codebook.levels.length + this.numberOf(id, feature, text);
      codes.set(key, code);
      coded[row * columns.features.length + feature] = code;
    }
    return coded;
  }

  /** Returns the codebook with the texts that the model does not know. */
  extend(codebook: Codebook, id: number): Codebook {
    const query = 'select feature, text from levels where columns = ? order by feature, number';
    const found = this.file.statement(query).all(id) as { feature: number; text: string }[];
    if (found.length === 0) return codebook;
    const texts = codebook.map(() => [] as string[]);
    for (const { feature, text } of found) texts[feature]?.push(text);
    return codebook.map((codes, j) =>
      codes.type === 'category' && texts[j]!.length > 0
        ? { ...codes, levels: [...codes.levels, '', ...texts[j]!] }
        : codes,
    );
  }

  /** Deletes those of columns that are not there any more, whose ids may come again. */
  prune(): void {
    this.file.statement('delete from levels where columns not in (select id from columns)').run();
  }

  /** Returns the number of a text, from 1 on; 0 if there are too many. */
  private numberOf(id: number, feature: number, text: string): number {
    const find = this.file.statement('select number from levels where columns = ? and feature = ? and text = ?');
    const found = find.get(id, feature, text) as { number: number } | undefined;
    if (found) return found.number;
    const count = this.file.statement('select count(*) as count from levels where columns = ? and feature = ?');
    const number = (count.get(id, feature) as { count: number }).count + 1;
    if (number > MAX_LEVELS) return 0;
    this.file
      .statement('insert into levels (columns, feature, number, text) values (?, ?, ?, ?)')
      .run(id, feature, number, text);
    return number;
  }
}
