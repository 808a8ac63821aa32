import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildMixedApp } from '../../support/mixed-app.js';

const ROW = { size: 1, color: 'green', new: true, sold: '2024-01-02', width: null };

test('labelled rows hold texts, booleans, dates and gaps, by name and by position, and count as the rows predicted', async (t) => {
  const { app } = await buildMixedApp(t);
  const send = (payload: object) => app.inject({ method: 'POST', url: '/feedback', payload });
  const instances = [Object.values(ROW), [2, 'violet', 'no', '2024-01-03', 5]];
  const predicted = await app.inject({ method: 'POST', url: '/predict?ids=true', payload: { instances } });
  const [[first], [second]] = predicted.json().predictions;
  const named = await send({ instances: [{ ...ROW, y: first }], target: 'y' });
  assert.equal(named.statusCode, 200, named.body);
  const placed = await send({ instances, targets: [first, second] });
  assert.deepEqual([placed.statusCode, placed.json().rows], [200, 2], placed.body);
  const byId = await send({ ids: [predicted.json().prediction_id], targets: [[first, second]] });
  assert.deepEqual([byId.statusCode, byId.json().rows], [200, 2], byId.body);
});

test('a labelled row of a wrong type is refused with its place, and one without a needed value is left out', async (t) => {
  const { app } = await buildMixedApp(t);
  const send = (row: object) =>
    app.inject({
      method: 'POST',
      url: '/feedback',
      payload: {
        instances: [
          { ...ROW, y: 1 },
          { ...ROW, ...row, y: 2 },
        ],
        target: 'y',
      },
    });
  for (const [row, error] of [
    [{ size: 'big' }, /^instances\[1\]\["size"\]: expected a finite number, got "big"/],
    [{ new: 'perhaps' }, /^instances\[1\]\["new"\]: expected true, false/],
    [{ sold: 'soon' }, /^instances\[1\]\["sold"\]: expected a date/],
    [{ color: ['red'] }, /^instances\[1\]\["color"\]: expected/],
  ] as const) {
    const reply = await send(row);
    assert.equal(reply.statusCode, 400, reply.body);
    assert.match(reply.json().error, error);
  }
  const gap = await send({ color: null });
  assert.deepEqual([gap.statusCode, gap.json().rows, gap.json().dropped], [200, 1, 1], gap.body);
});
