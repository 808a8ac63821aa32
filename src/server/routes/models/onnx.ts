import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { FileStore } from '../../../model/store/file-store.js';
import { ONNX_OPSET, toOnnx } from '../../../model/versions/onnx/onnx.js';
import { readVersion } from '../../../model/versions/version.js';
import { errors, operation } from '../../http/operation.js';
import { VersionParams } from './version-params.js';

const Model = Type.Unsafe<Buffer>({
  'x-content': 'binary',
  description:
    `ONNX, opset ${ONNX_OPSET}. Input \`inputs\` [rows, features] in raw units, or, if not all features are numbers without gaps, an ` +
    'input [rows, 1] for each feature: float32, texts, or int64 milliseconds since 1970. Outputs `prediction` [rows, targets] ' +
    'in target units, `reconstruction` [rows, inputs], in raw units if all features are such numbers, and ' +
    '`reconstruction_error` [rows]',
});

export function onnxRoute(app: FastifyInstance, store: FileStore, name: string): void {
  app.get<{ Params: Static<typeof VersionParams> }>(
    '/models/:version/onnx',
    operation('model', 'A version as an ONNX model, which includes the scaling', {
      operationId: 'exportOnnx',
      config: { scope: 'read' },
      params: VersionParams,
      response: { 200: { content: { 'application/octet-stream': { schema: Model } } }, ...errors(400, 404, 409, 503) },
    }),
    async ({ params: { version } }, reply) => {
      const model = await toOnnx(name, Number(version), readVersion(await store.read(Number(version))));
      reply.header('content-disposition', `attachment; filename="${name}-${version}.onnx"`);
      return reply.type('application/octet-stream').send(Buffer.from(model));
    },
  );
}
