/** Folder of what the build makes. Resolved when the module is loaded: a later resolution might lack a file descriptor (EMFILE). */
const FOLDER = new URL('./', import.meta.resolve('#built/main.js'));

/** Returns the URL of a built file: a child process, a thread, a WebAssembly binary, a part of the page. */
export function builtFile(name: string): URL {
  return new URL(name, FOLDER);
}
