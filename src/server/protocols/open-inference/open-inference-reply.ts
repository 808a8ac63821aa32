import { intervalNames } from '../../../model/intervals/interval-names.js';
import { JSON_TYPE } from '../../http/media-types.js';
import type { InferenceReply, Parts } from '../../inference/inference-request.js';
import { columnOf } from '../../inference/interval-reply.js';
import { enclosed, flat, setModelHeaders } from '../../inference/json-reply.js';
import { HEADER_LENGTH, type OpenInferenceRequested, type OutputName } from '../../readers/open-inference-request.js';
import type { Observation } from '../../service/prediction/prediction-service.js';

/**
 * Writes the reply and its headers: the requested outputs, each in the JSON or as bytes behind it (little-endian float32,
 * row-major), and with intervals two more for each target. With bytes, the content type is that of `vendor` if the request's was.
 */
export function writeOpenInference(
  reply: InferenceReply,
  model: string,
  observation: Observation,
  requested: OpenInferenceRequested,
  vendor: string | undefined,
): Parts {
  setModelHeaders(reply, observation);
  const { version } = observation.serving;
  const id = requested.id === undefined ? '' : `,"id":${JSON.stringify(requested.id)}`;
  const json: Iterable<string>[] = [];
  const blobs: Uint8Array[] = [];
  let opening = `{"model_name":${JSON.stringify(model)},"model_version":"${version}"${id},"outputs":[`;
  const outputs: Output[] = requested.outputs.map(({ name, binary }) => ({
    name,
    binary,
    ...outputOf(name, observation),
  }));
  outputs.push(
    ...boundsOf(
      observation,
      requested.outputs.some(({ binary }) => binary),
    ),
  );
  for (const { name, binary, values, shape } of outputs) {
    const text = `${opening}{"name":${JSON.stringify(name)},"shape":[${shape.join()}],"datatype":"FP32",`;
    opening = ',';
    if (binary) {
      json.push([`${text}"parameters":{"binary_data_size":${values.byteLength}}}`]);
      blobs.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    } else json.push(enclosed(`${text}"data":`, flat(values), '}'));
  }
  json.push([']}']);
  if (blobs.length === 0) {
    reply.type(JSON_TYPE);
    return joined(json);
  }
  const header = Buffer.from(Array.from(joined(json)).join(''));
  reply.type(vendor ? `${vendor};json-header-size=${header.length}` : 'application/octet-stream');
  reply.header(HEADER_LENGTH, String(header.length));
  return [header, ...blobs];
}

interface Output {
  readonly name: string;
  readonly binary: boolean;
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** Returns the outputs of the prediction intervals, if there are any. */
function boundsOf(observation: Observation, binary: boolean): Output[] {
  const { intervals, count, serving } = observation;
  if (!intervals) return [];
  return intervalNames(serving.card.targets).flatMap((names, j) =>
    names.map((name, k) => {
      const values = columnOf(k === 0 ? intervals.low : intervals.high, j, observation);
      return { name, binary, values, shape: [count] };
    }),
  );
}

/** Returns the parts of all texts: as an array if all are arrays, because a generator takes longer than their numbers. */
function joined(texts: readonly Iterable<string>[]): Iterable<string> {
  return texts.every(Array.isArray) ? texts.flat() : lateJoined(texts);
}

function* lateJoined(texts: readonly Iterable<string>[]): Generator<string> {
  for (const text of texts) yield* text;
}

function outputOf(
  name: OutputName,
  { count, prediction, serving }: Observation,
): { values: Float32Array; shape: number[] } {
  if (name === 'reconstruction_error') return { values: prediction.errors.subarray(0, count), shape: [count] };
  const { features, targets } = serving.card;
  if (name === 'predictions') {
    return { values: prediction.outputs.subarray(0, count * targets.length), shape: [count, targets.length] };
  }
  const rows = new Float32Array(count * features.length);
  serving.predictor.encoder.restore(prediction.reconstructions, rows, count);
  return { values: rows, shape: [count, features.length] };
}
