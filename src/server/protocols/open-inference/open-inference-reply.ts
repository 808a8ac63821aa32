import { unstandardise } from '../../../model/network/scaler.js';
import type { InferenceReply } from '../../inference/inference.js';
import { enclosed, flat } from '../../inference/matrix-text.js';
import { HEADER_LENGTH, type OpenInferenceAsked, type OutputName } from '../../readers/open-inference-request.js';
import type { Observation } from '../../service/prediction/prediction-service.js';

/** A reply in parts, and how many bytes of JSON come before its binary data; null if there is none. */
interface OpenInferenceReply {
  readonly headerLength: number | null;
  readonly parts: Iterable<string | Uint8Array>;
}

/** Writes the reply, and what its headers tell of it: its content type is `vendor`'s, if the request's was. */
export function writeOpenInference(
  reply: InferenceReply,
  model: string,
  observation: Observation,
  asked: OpenInferenceAsked,
  vendor: string | undefined,
): Iterable<string | Uint8Array> {
  const { headerLength, parts } = openInferenceReply(model, observation, asked);
  if (headerLength === null) reply.type('application/json');
  else {
    reply.type(vendor ? `${vendor};json-header-size=${headerLength}` : 'application/octet-stream');
    reply.header(HEADER_LENGTH, String(headerLength));
  }
  return parts;
}

/** Answers with the outputs asked for, each in the JSON, or as bytes behind it: little-endian float32, row-major. */
function openInferenceReply(model: string, observation: Observation, asked: OpenInferenceAsked): OpenInferenceReply {
  const { count, serving } = observation;
  const head = `{"model_name":${JSON.stringify(model)},"model_version":"${serving.version}"`;
  const opening = `${head}${asked.id === undefined ? '' : `,"id":${JSON.stringify(asked.id)}`},"outputs":[`;
  const outputs = asked.outputs.map(({ name, binary }, i) => {
    const { values, shape } = outputOf(name, observation, count);
    const text = `${i > 0 ? ',' : ''}{"name":"${name}","shape":[${shape.join()}],"datatype":"FP32"`;
    return { text, values, binary };
  });
  if (!outputs.some(({ binary }) => binary)) return { headerLength: null, parts: jsonParts(opening, outputs) };

  const header = [opening];
  const blobs: Uint8Array[] = [];
  for (const { text, values, binary } of outputs) {
    if (binary) {
      header.push(`${text},"parameters":{"binary_data_size":${values.byteLength}}}`);
      blobs.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    } else header.push(`${text},"data":`, ...flat(values), '}');
  }
  const json = Buffer.from(`${header.join('')}]}`);
  return { headerLength: json.length, parts: [json, ...blobs] };
}

function jsonParts(opening: string, outputs: readonly { text: string; values: Float32Array }[]): Iterable<string> {
  const [first, ...others] = outputs.map(({ text, values }, i) =>
    enclosed(`${i > 0 ? '' : opening}${text},"data":`, flat(values), i < outputs.length - 1 ? '}' : '}]}'),
  );
  return others.length > 0 ? chained([first!, ...others]) : first!;
}

function* chained(texts: readonly Iterable<string>[]): Generator<string> {
  for (const text of texts) yield* text;
}

function outputOf(
  name: OutputName,
  { prediction, serving }: Observation,
  count: number,
): { values: Float32Array; shape: number[] } {
  if (name === 'reconstruction_error') return { values: prediction.errors.subarray(0, count), shape: [count] };
  const { features, targets } = serving.card;
  if (name === 'predictions') {
    return { values: prediction.outputs.subarray(0, count * targets.length), shape: [count, targets.length] };
  }
  const rows = new Float32Array(count * features.length);
  unstandardise(serving.predictor.scalers.features, prediction.reconstructions, rows, count);
  return { values: rows, shape: [count, features.length] };
}
