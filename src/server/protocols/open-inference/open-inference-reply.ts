import { JSON_TYPE } from '../../http/media-types.js';
import type { InferenceReply, Parts } from '../../inference/inference-request.js';
import { enclosed, flat, setModelHeaders } from '../../inference/json-reply.js';
import { HEADER_LENGTH, type OpenInferenceRequested, type OutputName } from '../../readers/open-inference-request.js';
import type { Observation } from '../../service/prediction/prediction-service.js';

/**
 * Writes the reply and its headers: the requested outputs, each in the JSON or as bytes behind it (little-endian float32,
 * row-major). With bytes, the content type is that of `vendor` if the request's was.
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
  for (const { name, binary } of requested.outputs) {
    const { values, shape } = outputOf(name, observation);
    const text = `${opening}{"name":"${name}","shape":[${shape.join()}],"datatype":"FP32",`;
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
