import type { IncomingHttpHeaders } from 'node:http';
import type { InferenceRequest } from '../../inference/inference-request.js';
import { HEADER_LENGTH, readHeaderLength, vendorType } from '../../readers/open-inference-request.js';
import { writeOpenInference } from './open-inference-reply.js';

/** Returns how a request is read and answered. Throws `INVALID_REQUEST`. */
export function openInferenceRequest(
  model: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
  onTimed?: InferenceRequest['onTimed'],
): InferenceRequest<'openInference'> {
  const contentType = headers['content-type'];
  return {
    reader: 'openInference',
    body,
    options: { headerLength: readHeaderLength(headers[HEADER_LENGTH]?.toString(), contentType) },
    write: (observation, requested, reply) =>
      writeOpenInference(reply, model, observation, requested, vendorType(contentType)),
    onTimed,
  };
}
