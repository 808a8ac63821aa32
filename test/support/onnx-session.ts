import { env, InferenceSession, Tensor } from 'onnxruntime-web';

// One thread: more need a cross-origin isolated page or workers that outlive a test.
env.wasm.numThreads = 1;

/** A model in ONNX Runtime, and what it answers. */
export interface OnnxSession {
  readonly session: InferenceSession;
  /** `rows` `[count, width]`; each output flat, by its name. */
  run(
    rows: Float32Array,
    count: number,
    width: number,
  ): Promise<Record<string, { dims: number[]; data: Float32Array }>>;
}

/** Opens a model in ONNX Runtime: another implementation than ours, and the one that others will use. */
export async function openOnnx(model: Uint8Array): Promise<OnnxSession> {
  const session = await InferenceSession.create(model);
  return {
    session,
    async run(rows, count, width) {
      const results = await session.run({ inputs: new Tensor('float32', rows, [count, width]) });
      return Object.fromEntries(
        Object.entries(results).map(([name, { dims, data }]) => [
          name,
          { dims: [...dims], data: data as Float32Array },
        ]),
      );
    },
  };
}
