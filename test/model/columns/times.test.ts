import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DateOrder, ordersOf, readTime } from '../../../src/model/columns/times.js';

const utc = (...parts: [number, number, number, number?, number?, number?, number?]) => Date.UTC(...parts);

test('dates in ISO 8601 are read without being told how, weeks among them', () => {
  assert.equal(readTime('2024-12-31'), utc(2024, 11, 31));
  // https://en.wikipedia.org/wiki/ISO_week_date: the first weeks of years, and weeks 53.
  assert.equal(readTime('2024-W01-1'), utc(2024, 0, 1));
  assert.equal(readTime('2009-W53-7'), utc(2010, 0, 3));
  assert.equal(readTime('2020W536'), utc(2021, 0, 2));
  assert.equal(readTime('2024-W52'), utc(2024, 11, 23));
  for (const text of ['2024-W53-1', '2024-W00-1', '2024-W01-8', '2024-W1-1', '31.12.2024', '12/31/2024', '2024/12/31'])
    assert.ok(Number.isNaN(readTime(text)), text);
});

test('dates in another order are read in the order that the caller says, to the second', () => {
  const cases: [text: string, order: DateOrder, time: number][] = [
    ['31.12.2024', 'dmy', utc(2024, 11, 31)],
    ['1/2/2024', 'dmy', utc(2024, 1, 1)],
    ['1/2/2024', 'mdy', utc(2024, 0, 2)],
    ['31.12.2024 23:59', 'dmy', utc(2024, 11, 31, 23, 59)],
    ['31.12.2024, 07:05:09', 'dmy', utc(2024, 11, 31, 7, 5, 9)],
    ['12/31/2024 11:59 PM', 'mdy', utc(2024, 11, 31, 23, 59)],
    ['12/31/2024 12:00:01.5 am', 'mdy', utc(2024, 11, 31, 0, 0, 1, 500)],
    ['12/31/2024 12:30 p.m.', 'mdy', utc(2024, 11, 31, 12, 30)],
    ['2024/02/29', 'ymd', utc(2024, 1, 29)],
    ['2024.02.29T08:00', 'ymd', utc(2024, 1, 29, 8)],
    ['2024-12-31 11:59 PM', 'ymd', utc(2024, 11, 31, 23, 59)],
    ['2024-02-29', 'dmy', utc(2024, 1, 29)],
  ];
  for (const [text, order, time] of cases) assert.equal(readTime(text, order), time, `${text} ${order}`);
  for (const [text, order] of [
    ['31.12.24', 'dmy'],
    ['31.12.2024', 'mdy'],
    ['30.02.2024', 'dmy'],
    ['29/02/2023', 'dmy'],
    ['31.12-2024', 'dmy'],
    ['31.12.2024 24:00', 'dmy'],
    ['31.12.2024 13:00 PM', 'dmy'],
    ['31.12.2024 0:30 AM', 'dmy'],
    ['31.12.2024 12', 'dmy'],
    ['1.2.3', 'dmy'],
    ['2024.13.01', 'ymd'],
  ] as const)
    assert.ok(Number.isNaN(readTime(text, order)), `${text} ${order}`);
});

test('the orders in which a text can be a date are told apart where its numbers do', () => {
  assert.deepEqual(ordersOf('31.12.2024'), ['dmy']);
  assert.deepEqual(ordersOf('12/31/2024'), ['mdy']);
  assert.deepEqual(ordersOf('1/2/2024'), ['dmy', 'mdy']);
  assert.deepEqual(ordersOf('2024/02/01'), ['ymd']);
  assert.deepEqual(ordersOf('2024-02-01'), []);
  assert.deepEqual(ordersOf('1.2.24'), []);
});
