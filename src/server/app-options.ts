import type { Config } from './config.js';
import type { Platform } from './platform.js';
import type { VertexRoutes } from './protocols/vertex/vertex.js';

export interface AppOptions {
  readonly modelName: string;
  /** Maximum size of a request body, in bytes. */
  readonly bodyLimit: number;
  /** Maximum size of a table to train on, in bytes. */
  readonly trainBodyLimit: number;
  /** Maximum rows of one prediction request. */
  readonly maxRows: number;
  /** Accept null in a prediction as a missing value, to be imputed by the mean. */
  readonly allowMissing: boolean;
  /** Maximum number of features whose histograms are exported as metrics. */
  readonly featuresWithBins: number;
  /** Send clients of TensorFlow Serving the predictions of one target as numbers, not as arrays of one. */
  readonly flatten?: boolean;
  /** Answer common predictions ahead of Fastify. On by default. */
  readonly fastPath?: boolean;
  /** Paths of Vertex AI, if it started the container. */
  readonly vertex?: VertexRoutes | undefined;
  /** Leave out routes that change state. */
  readonly readOnly?: boolean;
}

export function appOptions(config: Config, { vertex, readOnly }: Platform): AppOptions {
  return {
    modelName: config.MODEL_NAME,
    bodyLimit: config.BODY_LIMIT,
    trainBodyLimit: config.TRAIN_BODY_LIMIT,
    maxRows: config.MAX_ROWS,
    allowMissing: config.ON_MISSING === 'mean',
    featuresWithBins: config.DRIFT_FEATURES_WITH_BINS,
    flatten: config.FLATTEN === 'true',
    fastPath: config.FAST_PATH === 'on',
    vertex,
    readOnly,
  };
}
