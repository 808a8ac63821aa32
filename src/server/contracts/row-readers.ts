import { readOpenInferenceRequest } from './open-inference-request.js';
import { readTensorflowRequest } from './tensorflow-request.js';

/** The readers of bodies, by contract: plain functions, so that a large body can be read in another thread. */
export const ROW_READERS = {
  openInference: readOpenInferenceRequest,
  tensorflow: readTensorflowRequest,
};
export type RowReaderName = keyof typeof ROW_READERS;
