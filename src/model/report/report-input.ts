import type { Evaluation } from '../evaluation/evaluation.js';
import type { Annotations } from '../versions/annotations.js';
import type { Card } from '../versions/card.js';

/** What a report is made of. */
export interface ReportInput {
  /** The model's name. */
  readonly name: string;
  /** Null if the version comes from an archive or a directory, and has no number. */
  readonly version: number | null;
  readonly card: Card;
  /** Null for a version of an earlier release, or with few held-out rows. */
  readonly evaluation: Evaluation | null;
  readonly annotations: Annotations;
  /** What the version is in its store at that time, such as `production`; null if it is not in one. */
  readonly aliases: readonly string[] | null;
  /** Whether the version was uploaded, and not trained in this store; null if nothing is known of it. */
  readonly isUpload: boolean | null;
  readonly at: Date;
}
