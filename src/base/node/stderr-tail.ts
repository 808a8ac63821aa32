import type { ChildProcess } from 'node:child_process';

/** Characters of a child's error output that are kept. */
const KEPT = 2000;

/**
 * Listens to a child's error output, to tell why it died. What is returned gives its end, so far. A child that could not
 * be started, for want of a file descriptor, has none.
 */
export function stderrTail(child: ChildProcess): () => string {
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT);
  });
  return () => output.trim();
}
