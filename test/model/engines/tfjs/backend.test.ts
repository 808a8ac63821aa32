import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend, useBackend } from '../../../../src/model/engines/tfjs/backend.js';

describe('openBackend', () => {
  it('makes the backend the current one and gives its name', async () => {
    for (const name of ['wasm', 'cpu'] as const) {
      assert.equal(await openBackend(name), name);
      assert.equal(tf.getBackend(), name);
    }
    useBackend('wasm');
    assert.equal(tf.getBackend(), 'wasm');
  });

  it('opens one of its own choice for auto', async () => {
    assert.equal(await openBackend('auto'), tf.getBackend());
    assert.notEqual(tf.getBackend(), 'cpu');
  });

  it("leaves an application's own handling of errors in force, and prints nothing", async () => {
    const backend = new URL('../../../../src/model/engines/tfjs/backend.js', import.meta.url).href;
    const script = `
      process.on('uncaughtException', (error) => console.log('handled ' + error.message));
      const { openBackend } = await import(${JSON.stringify(backend)});
      const tf = await import(${JSON.stringify(import.meta.resolve('@tensorflow/tfjs-core'))});
      for (const name of ['wasm', 'cpu']) {
        await openBackend(name);
        tf.square(tf.ones([1])).dataSync();
      }
      setTimeout(() => console.log('alive'), 20);
      setTimeout(() => { throw new Error('boom'); }, 1);`;
    const run = promisify(execFile);
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script]);
    assert.deepEqual([stdout, stderr], ['handled boom\nalive\n', '']);
  });

  it('rejects when a backend fails to initialise, and keeps the current one', async (t) => {
    await openBackend('wasm');
    await openBackend('cpu');
    const working = tf.findBackendFactory('wasm')!;
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', () => Promise.reject(new Error('no memory')));
    t.mock.method(console, 'warn', () => undefined);
    t.after(() => {
      tf.removeBackend('wasm');
      tf.registerBackend('wasm', working);
    });
    await assert.rejects(openBackend('wasm'), /wasm cannot be loaded/);
    assert.equal(tf.getBackend(), 'cpu');
    assert.deepEqual(Array.from(tf.square(tf.tensor1d([3])).dataSync()), [9]);
  });

  it('says how to get the native backend where it is missing, and keeps the current one', async (t) => {
    await openBackend('cpu');
    try {
      await openBackend('tensorflow');
    } catch (error) {
      assert.match(
        (error as Error).message,
        /tensorflow cannot be loaded.*@tensorflow\/tfjs-node 4\.22\.0.*npm run native/,
      );
      assert.ok((error as Error).cause instanceof Error);
      assert.equal(tf.getBackend(), 'cpu');
      return;
    }
    t.skip('@tensorflow/tfjs-node is installed here');
  });
});
