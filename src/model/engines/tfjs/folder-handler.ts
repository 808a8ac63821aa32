import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

const MODEL_FILE = 'model.json';
const WEIGHTS_FILE = 'weights.bin';

/**
 * Reads and writes a folder with `model.json` and `weights.bin`, like `tensorflowjs_converter` and TensorFlow.js' own `file://`
 * handler, which only the native backend has.
 */
export function folderHandler(folder: string): tf.io.IOHandler {
  return {
    save: async (artifacts) => {
      const { weightData, weightSpecs = [], ...description } = artifacts;
      const model = { ...description, weightsManifest: [{ paths: [WEIGHTS_FILE], weights: weightSpecs }] };
      const weights = tf.io.CompositeArrayBuffer.join(weightData);
      await mkdir(folder, { recursive: true });
      // model.json is written last, so that a folder with a model.json is complete.
      await replace(join(folder, WEIGHTS_FILE), new Uint8Array(weights));
      await replace(join(folder, MODEL_FILE), JSON.stringify(model));
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    },
    load: async () => {
      const model = JSON.parse(await readFile(join(folder, MODEL_FILE), 'utf8')) as tf.io.ModelJSON;
      return tf.io.getModelArtifactsForJSON(model, async (manifest) => {
        const specs = manifest.flatMap(({ weights }) => weights);
        const files = await Promise.all(
          manifest.flatMap(({ paths }) => paths).map((path) => readFile(join(folder, path))),
        );
        return [specs, tf.io.CompositeArrayBuffer.join(files.map((file) => new Uint8Array(file).buffer))];
      });
    },
  };
}

async function replace(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.tmp`, content, { flush: true });
  await rename(`${path}.tmp`, path);
}
