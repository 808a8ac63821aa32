import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../../support/free-port.js';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { assertEverywhere, launch, noBrowser, visit } from './browser.js';
import { CARS, Traffic } from './cars.js';
import { NO_MODEL } from './untrained.js';

test('the page reports a restart of the service and reconnects', { skip: noBrowser }, async (t) => {
  const env = {
    MODEL_STORE: temporaryDirectory(t),
    TRAIN_DATA: CARS,
    DRIFT_WINDOW_ROWS: '100',
    PORT: String(await freePort()),
  };
  const server = await startServer(t, env);
  await server.logged('model version serves');
  const traffic = new Traffic(server.url);
  await traffic.send(150);
  const { page, problems } = await visit(await launch(t), server.url);
  await page.getByText('No drift', { exact: true }).waitFor();
  await server.stop('SIGKILL');
  await page.getByText('No connection to the service. Retrying…').waitFor();
  await page.getByText('Status unknown: the service is not responding').waitFor();
  await assertEverywhere(page, 'no-connection');

  const successor = await startServer(t, env);
  await successor.logged('model version serves');
  await page.getByText('Live', { exact: true }).waitFor();
  // The page receives the drift events of the new process.
  for (let i = 0; i < 3; i++) await traffic.send(100, true);
  await page.getByText(/^Drift since/).waitFor();
  await assertEverywhere(page, 'connected-again');
  // The browser reports only the failed connections.
  assert.deepEqual(
    // A busy machine lets the page ask before the model is loaded.
    problems.filter((text) => !text.includes('net::ERR_') && !NO_MODEL.test(text)),
    [],
  );
});

test('the page reports that a restart has ended a training', { skip: noBrowser }, async (t) => {
  const env = { MODEL_STORE: temporaryDirectory(t), TRAIN_DATA: CARS, PORT: String(await freePort()) };
  const server = await startServer(t, env);
  await server.logged('model version serves');
  const { page, problems } = await visit(await launch(t), server.url, undefined, 'train');
  await page.getByLabel('Drop a CSV file here').setInputFiles(CARS);
  await page.getByText('Settings', { exact: true }).click();
  await page.getByLabel('Maximum epochs').fill('100000');
  await page.getByLabel('Epochs without progress').fill('100000');
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByText(/Epoch \d+ of at most 100,000/).waitFor();
  await server.stop('SIGKILL');
  await (await startServer(t, env)).logged('model version serves');
  await page.getByText('The service was restarted, which ended the training.').waitFor();
  // The page requests the job, which the new process does not have.
  assert.deepEqual(
    problems.filter((text) => !/net::ERR_|status of 404 .*\/train\//.test(text) && !NO_MODEL.test(text)),
    [],
  );
});
