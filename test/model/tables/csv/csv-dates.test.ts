import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { codeOfText, codeOfValue, Uncodable, valueOfCode } from '../../../../src/model/columns/coding.js';
import { csvToTable } from '../../../../src/model/tables/csv/csv-table.js';
import type { TableChoices } from '../../../../src/model/tables/table-choices.js';
import { readTable } from '../../../../src/model/tables/table-file.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

const ROWS = 60;
const two = (n: number) => String(n).padStart(2, '0');
const [day, month, year] = [(i: number) => 1 + (i % 28), (i: number) => 1 + (i % 12), (i: number) => 2023 + (i % 2)];

/** Reads a CSV of a column `t` and two columns of numbers. */
async function read(t: TestContext, cell: (i: number) => unknown, choices: TableChoices = {}, delimiter = ',') {
  const rows = Array.from({ length: ROWS }, (_, i) => [cell(i), i % 7, (i * i) % 31].join(delimiter));
  const directory = temporaryDirectory(t);
  const csv = `${['t', 'a', 'y'].join(delimiter)}\n${rows.join('\n')}\n`;
  const info = await csvToTable([Buffer.from(csv)], directory, ['y'], undefined, { choices });
  const column = info.columns.find(({ name }) => name === 't');
  const { data } = readTable(directory);
  const values = column && Array.from({ length: 3 }, (_, i) => valueOfCode(column, data.features[2 * i]!));
  return { info, column, values };
}

test('dates in another order are read as the caller says, and predictions take them so and in ISO 8601', async (t) => {
  const german = await read(t, (i) => `${two(day(i))}.${two(month(i))}.${year(i)}`, { dates: 'dmy' });
  assert.deepEqual(german.values, ['2023-01-01', '2024-02-02', '2023-03-03']);
  assert.ok(german.column?.type === 'timestamp' && german.column.order === 'dmy');
  const code = codeOfText(german.column, '03.02.2024');
  assert.equal(valueOfCode(german.column, code as number), '2024-02-03');
  assert.equal(codeOfValue(german.column, '2024-02-03'), code);
  const wrong = codeOfText(german.column, '12/31/2024');
  assert.ok(wrong instanceof Uncodable && wrong.expected === 'a date in ISO 8601, or with day, month and year');
  const american = await read(t, (i) => `${month(i)}/${day(i)}/${year(i)} ${1 + (i % 12)}:05 ${i % 2 ? 'AM' : 'PM'}`, {
    dates: 'mdy',
  });
  assert.deepEqual(american.values, ['2023-01-01T13:05:00Z', '2024-02-02T02:05:00Z', '2023-03-03T15:05:00Z']);
});

test('without a word on their order such dates are refused, with the parameter that settles them', async (t) => {
  await assert.rejects(
    read(t, (i) => `${two(day(i))}.${two(month(i))}.${year(i)}`),
    { message: /"01.01.2023" \(line 2\).*; dates=dmy says that the day comes first; else write them so, or/ },
  );
  await assert.rejects(
    read(t, (i) => `${1 + (i % 12)}/${month(i)}/${year(i)}`),
    { message: /dates=dmy says that the day comes first, dates=mdy says that the month comes first; else/ },
  );
  // The century of two digits is not certain.
  await assert.rejects(
    read(t, (i) => `${two(day(i))}.${two(month(i))}.24`, { dates: 'dmy' }),
    { message: /"01.01.24" \(line 2\).*look like dates/ },
  );
  await assert.rejects(
    read(t, (i) => (i === 30 ? '31.02.2024' : `${two(day(i))}.${two(month(i))}.${year(i)}`), { dates: 'dmy' }),
    { message: /"31.02.2024" \(line 32\)/ },
  );
});

test('weeks of ISO 8601 are their Mondays', async (t) => {
  const { values } = await read(t, (i) => `2024-W${two(1 + (i % 52))}`);
  assert.deepEqual(values, ['2024-01-01', '2024-01-08', '2024-01-15']);
});

test('numbers that count from 1970 are times if the caller says so, and looked at with suspicion otherwise', async (t) => {
  const start = Date.UTC(2023, 10, 14);
  for (const [epoch, factor] of [
    ['seconds', 1e-3],
    ['milliseconds', 1],
    ['microseconds', 1e3],
    ['nanoseconds', 1e6],
  ] as const) {
    const cell = (i: number) =>
      BigInt(Math.round((start + ((37 * i) % 60) * 3_600_000) / 1000)) * BigInt(1000 * factor);
    const { column, values } = await read(t, cell, { types: { t: 'timestamp' } });
    assert.ok(column?.type === 'timestamp' && column.epoch === epoch, epoch);
    assert.deepEqual(values, ['2023-11-14T00:00:00Z', '2023-11-15T13:00:00Z', '2023-11-14T14:00:00Z'], epoch);
    assert.equal(codeOfValue(column, Number(cell(1))), codeOfText(column, '2023-11-15T13:00:00Z'));
    assert.equal(codeOfText(column, String(cell(1))), codeOfText(column, '2023-11-15 13:00'));
  }
  const { info } = await read(t, (i) => 1.7e9 + ((37 * i) % 60) * 3600);
  assert.deepEqual(info.warnings['t'], [
    'its numbers look like seconds since 1970; types=t:timestamp takes them as times',
  ]);
  await assert.rejects(
    read(t, (i) => 2000 + (i % 24), { types: { t: 'timestamp' } }),
    {
      message: /^column "t": numbers from 2000 to 2023 are no times; expected dates in ISO 8601, or seconds/,
    },
  );
});

test('words of truth in German and French are booleans, and a percent sign that some cells lack is named', async (t) => {
  for (const [no, yes] of [
    ['N', 'Y'],
    ['nein', 'ja'],
    ['FALSCH', 'WAHR'],
    ['FAUX', 'VRAI'],
    ['non', 'oui'],
  ]) {
    const { column } = await read(t, (i) => (i % 3 ? yes : no));
    assert.ok(column?.type === 'boolean');
    assert.deepEqual(column.labels, [no, yes]);
  }
  await assert.rejects(
    read(t, (i) => (i % 3 ? `${i}%` : i)),
    { message: /20 of 60 cells are neither a number with % nor a known marker of a gap: "0" \(line 2\)/ },
  );
});

test('points before three digits decide nothing in a file of semicolons', async (t) => {
  const cell = (i: number) => `${1 + (i % 9)}.${100 + ((37 * i) % 60)}`;
  await assert.rejects(read(t, cell, {}, ';'), {
    message: /could have a decimal comma or groups of three digits; say/,
  });
  assert.deepEqual((await read(t, cell, { decimal: ',' }, ';')).values, [1100, 2137, 3114]);
  assert.equal((await read(t, cell)).column?.type, 'number');
});
