import { readCsvRequest } from './csv-request.js';
import { readFloatRows } from './float32-request.js';
import { readJsonLinesRequest } from './json-lines-request.js';
import { readMlflowRequest } from './mlflow-request.js';
import { readNumpyRequest } from './numpy-request.js';
import { readOpenInferenceRequest } from './open-inference-request.js';
import { readPredictRequest } from './predict-request.js';
import { readTensorflowRequest } from './tensorflow-request.js';
import { readInstancesRequest } from './vertex-request.js';

/** Readers of bodies: plain functions, so that the thread can run them too. They may reuse the memory of their rows. */
export const ROW_READERS = {
  csv: readCsvRequest,
  floats: readFloatRows,
  instances: readInstancesRequest,
  jsonLines: readJsonLinesRequest,
  mlflow: readMlflowRequest,
  numpy: readNumpyRequest,
  openInference: readOpenInferenceRequest,
  predict: readPredictRequest,
  tensorflow: readTensorflowRequest,
};
export type RowReaderName = keyof typeof ROW_READERS;
