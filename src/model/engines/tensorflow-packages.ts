/** The optional packages of TensorFlow.js. */
const PACKAGES = ['core', 'layers', 'backend-wasm', 'backend-cpu'].map((name) => `@tensorflow/tfjs-${name}`);

/** Loads a module that imports TensorFlow.js. Rejects, saying what to install, if a package of it is missing. */
export async function withTensorflow<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes("'@tensorflow/")) throw error;
    const text = `TensorFlow.js, an optional peer dependency, is not installed: npm install ${PACKAGES.join(' ')}`;
    throw new Error(text, { cause: error });
  }
}
