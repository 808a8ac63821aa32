import { show } from '../../../base/domain-error.js';
import { ordersOf } from '../../columns/times.js';
import { cellsOf, type Decision, type DecisionTerms, refused, type Text } from './decision.js';
import type { Example, RawColumn } from './raw-column.js';

type Where = Pick<DecisionTerms, 'where'>;

/** Refuses a column that has cells which are not as `expected`, and names the first of them. */
export function refuseAs(raw: RawColumn, bad: readonly Text[], expected: string, terms: Where): Decision {
  const { name, strayExamples, numbers, strays, declared } = raw;
  const cells = cellsOf(bad) + strays;
  const present = cellsOf(raw.countedTexts()) + numbers.count + strays;
  const listed = [...bad, ...strayExamples].sort((a, b) => a.place - b.place);
  const commas = listed.some(({ text }) => /\d[.,]\d/.test(text))
    ? ', decimal=, or decimal=. says how its numbers are written'
    : '';
  const way = declared === undefined ? `types=${name}:category takes it as text, ` : '';
  return refused(
    `column ${show(name)}: ${cells} of ${present} cells ${cells === 1 ? 'is' : 'are'} neither ${expected} nor a known marker of a gap: ` +
      `${examples(listed, terms)}; ${way}drop=${name} leaves the column out${commas}`,
  );
}

/** Refuses numbers that could be written in two ways. */
export function refuseAmbiguous({ name }: RawColumn, texts: readonly Text[], terms: Where): Decision {
  return refused(
    `column ${show(name)}: ${examples(texts, terms)} could have a decimal comma or groups of three digits; ` +
      'say decimal=, or decimal=.',
  );
}

/** Refuses dates whose day and month are not certain, and says which orders of them there can be. */
export function refuseDates({ name }: RawColumn, texts: readonly Text[], terms: Where): Decision {
  const possible = texts.reduce<readonly string[] | undefined>((all, { text }) => {
    const orders: readonly string[] = ordersOf(text);
    if (orders.length === 0) return all;
    return all?.filter((order) => orders.includes(order)) ?? orders;
  }, undefined);
  const orders = (possible ?? []).map((order) => `dates=${order} says that ${FIRST[order]} comes first`);
  const settled = orders.length > 0 ? `${orders.join(', ')}; else ` : '';
  return refused(
    `column ${show(name)}: ${examples(texts, terms)} look like dates, but only those in ISO 8601 (2024-12-31) are certain; ` +
      `${settled}write them so, or types=${name}:category takes them as texts, drop=${name} leaves the column out`,
  );
}

const FIRST: Readonly<Record<string, string>> = { dmy: 'the day', mdy: 'the month', ymd: 'the year' };

/** Names the first cells and their places. */
export function examples(cells: readonly Example[], { where }: Where): string {
  const named = cells.slice(0, 3).map(({ text, place }) => `${show(text)} (${where(place)})`);
  return named.join(', ') + (cells.length > 3 ? ' …' : '');
}
