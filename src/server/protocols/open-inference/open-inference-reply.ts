import { unstandardise } from '../../../model/network/scaler.js';
import type { InferenceReply, Parts } from '../../inference/inference-request.js';
import { enclosed, flat, setModelHeaders } from '../../inference/json-reply.js';
import { HEADER_LENGTH, type OpenInferenceRequested, type OutputName } from '../../readers/open-inference-request.js';
import type { Observation } from '../../service/prediction/prediction-service.js';

/** A reply in parts. `headerLength` is the number of bytes of JSON before its binary data, or null without such data. */
interface OpenInferenceReply {
  readonly headerLength: number | null;
  readonly parts: Parts;
}

/** Writes the reply and its headers. The content type is that of `vendor` if the request's was. */
export function writeOpenInference(
  reply: InferenceReply,
  model: string,
  observation: Observation,
  requested: OpenInferenceRequested,
  vendor: string | undefined,
): Parts {
  setModelHeaders(reply, observation);
  const { headerLength, parts } = openInferenceReply(model, observation, requested);
  if (headerLength === null) reply.type('application/json');
  else {
    reply.type(vendor ? `${vendor};json-header-size=${headerLength}` : 'application/octet-stream');
    reply.header(HEADER_LENGTH, String(headerLength));
  }
  return parts;
}

/** Writes the requested outputs, each in the JSON or as bytes behind it: little-endian float32, row-major. */
function openInferenceReply(
  model: string,
  observation: Observation,
  requested: OpenInferenceRequested,
): OpenInferenceReply {
  const { count, serving } = observation;
  const head = `{"model_name":${JSON.stringify(model)},"model_version":"${serving.version}"`;
  const opening = `${head}${requested.id === undefined ? '' : `,"id":${JSON.stringify(requested.id)}`},"outputs":[`;
  const outputs = requested.outputs.map(({ name, binary }, i) => {
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
