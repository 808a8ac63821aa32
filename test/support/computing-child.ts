// A child process that computes without a pause: `node computing-child.js`.
import { exitWithParent } from '../../src/base/node/exit-with-parent.js';

exitWithParent();
// Once the thread that watches the parent runs.
setTimeout(() => {
  process.send?.('computing');
  const end = Date.now() + 30_000;
  while (Date.now() < end);
}, 500);
