import { show } from '../../../base/domain-error.js';
import type { Notation } from '../../columns/column.js';
import { isGap } from '../../columns/notation/gaps.js';
import { strictReader } from '../../columns/notation/notation-inference.js';
import { looksLikeDate, readTime } from '../../columns/times.js';
import { cellsOf, type Decided, type Decision, type DecisionTerms, leftOut, refused, type Text } from './decision.js';
import { GAP, OTHER, type RawColumn } from './raw-column.js';
import { refuseAmbiguous, refuseAs, refuseDates } from './refusals.js';
import { asBoolean, asCategory, asEpochs, asNumber, asTimes } from './typed-decisions.js';
import { COUNTER, reasonToLeaveOut } from './uselessness.js';

const PLAIN: Notation = { decimal: '.' };

/** Decides what a column is from all of its cells. */
export function decide(raw: RawColumn, terms: DecisionTerms): Decision {
  const decision = decideUnlessUseless(raw, terms);
  if (decision.is !== 'left_out' || !terms.isWanted) return decision;
  return refused(`column ${show(raw.name)} cannot be used: ${decision.reason}`);
}

function decideUnlessUseless(raw: RawColumn, terms: DecisionTerms): Decision {
  const { declared, numbers } = raw;
  const { rows, isWanted } = terms;
  if (declared === 'index' && !isWanted) return leftOut('the index of the data frame');
  const texts = raw.countedTexts();
  const present = numbers.count + cellsOf(texts) + raw.strays;
  if (rows === 0) return asNumber(raw, PLAIN, 'there are no rows');
  if (present === 0) {
    if (!isWanted || declared === 'category' || declared === 'boolean') return leftOut('it has no value in any row');
    return asNumber(raw, PLAIN, 'it has no value in any row');
  }
  const decision = decideType(raw, texts, terms);
  if (decision.is !== 'column' || isWanted) return decision;
  const reason = reasonToLeaveOut(raw, decision.column, texts, present, terms);
  if (reason === undefined) return decision;
  return { ...leftOut(reason), ...(reason.startsWith(COUNTER) && { otherwise: decision }) };
}

function decideType(raw: RawColumn, texts: readonly Text[], terms: DecisionTerms): Decision {
  const { declared, numbers, reading } = raw;
  const { order } = terms;
  if (declared === 'category') return asCategory(raw, texts, 'so declared');
  if (declared === 'boolean')
    return asBoolean(raw.name, texts, 'so declared') ?? refuseAs(raw, texts, 'true or false', terms);
  if (reading?.type === 'timestamp' || declared === 'timestamp') {
    return asTimes(raw, texts, order) ?? asEpochs(raw, texts) ?? refuseTimes(raw, texts, terms);
  }
  if (numbers.count === 0 && raw.strays === 0 && declared !== 'number') {
    const words = texts.map(({ text }) => show(text));
    const truth = asBoolean(raw.name, texts, `its cells are ${words.slice(0, 4).join(', ')}`);
    if (truth) return truth;
    if (texts.every(({ text }) => !Number.isNaN(readTime(text, order)))) return asTimes(raw, texts, order)!;
  }
  return decideNumber(raw, texts, terms) ?? undatedOrCategory(raw, texts, terms);
}

function refuseTimes(raw: RawColumn, texts: readonly Text[], terms: DecisionTerms): Decision {
  const { name, numbers, reading } = raw;
  if (reading?.type !== 'timestamp' && numbers.count > 0) {
    const [from, to] = [numbers.min, numbers.max].map(show);
    return refused(
      `column ${show(name)}: numbers from ${from} to ${to} are no times; expected dates in ISO 8601, or seconds, milliseconds, ` +
        'microseconds or nanoseconds since 1970, from 1973 on',
    );
  }
  const bad = texts.filter(({ text }) => Number.isNaN(readTime(text, terms.order)));
  return bad.length > 0 && bad.every(({ text }) => looksLikeDate(text))
    ? refuseDates(raw, bad, terms)
    : refuseAs(raw, bad, 'a date in ISO 8601', terms);
}

/** Returns undefined for a column that is none of numbers. */
function decideNumber(raw: RawColumn, texts: readonly Text[], terms: DecisionTerms): Decision | undefined {
  const { declared, numbers, reading, textual, strays } = raw;
  if (textual && numbers.count === 0) {
    return declared === 'number' ? refuseAs(raw, texts, 'a number', terms) : undefined;
  }
  const settled = reading?.type === 'number' ? reading.notation : undefined;
  if (texts.length === 0 && strays === 0) return asNumber(raw, settled ?? PLAIN, 'all cells are numbers');
  const present = numbers.count + cellsOf(texts) + strays;
  let notation = settled ?? PLAIN;
  let isRead = false;
  if (!textual && reading?.type !== 'text') {
    const hint = terms.decimal ?? (numbers.count > 0 ? settled?.decimal : undefined);
    const inferred = raw.infer(hint, terms.others);
    const isMost = inferred !== undefined && 2 * (numbers.count + inferred.weight) >= present;
    if (isMost && !inferred.notation) return refuseAmbiguous(raw, texts, terms);
    if (inferred?.notation && agrees(inferred.notation, settled, numbers.count)) {
      notation = { ...settled, ...inferred.notation };
      isRead = true;
    }
  }
  const read = strictReader(notation);
  const bad = isRead ? texts.filter(({ text }) => Number.isNaN(read(text))) : texts;
  const badCells = cellsOf(bad) + strays;
  if (badCells === 0) return asNumber(raw, notation, 'all cells are numbers');
  if (declared !== 'number' && 2 * (present - badCells) < present) return undefined;
  return refuseAs(raw, bad, notation.unit === undefined ? 'a number' : `a number with ${notation.unit}`, terms);
}

/** Numbers that were read before have the same unit, and no other separator. */
function agrees(inferred: Notation, settled: Notation | undefined, count: number): boolean {
  if (!settled || count === 0) return true;
  const sameGroups = settled.thousands === undefined || (inferred.thousands ?? settled.thousands) === settled.thousands;
  return inferred.unit === settled.unit && inferred.decimal === settled.decimal && sameGroups;
}

function undatedOrCategory(raw: RawColumn, texts: readonly Text[], terms: DecisionTerms): Decision {
  const isTime = ({ text }: Text) => !Number.isNaN(readTime(text, terms.order));
  const areMost = (some: readonly Text[]) => 2 * cellsOf(some) > cellsOf(texts);
  if (raw.declared === undefined && !terms.isWanted && !raw.textual && areMost(texts.filter(isTime))) {
    return refuseTimes(raw, texts, terms);
  }
  const undated = texts.filter((each) => looksLikeDate(each.text) && !isTime(each));
  if (raw.declared === undefined && areMost(undated)) return refuseDates(raw, texts, terms);
  return asCategory(raw, texts, 'its cells are texts');
}

/** Returns the code of each text in a column's dictionary, and of the words before them. */
export function codesOfWords(raw: RawColumn, { column, code }: Decided): (word: number) => number {
  const codes = Float32Array.from(raw.dictionary.texts, (text) => (isGap(text) ? Number.NaN : code(text)));
  const other = column.type === 'category' ? column.levels.length : Number.NaN;
  return (word) => (word === GAP ? Number.NaN : word === OTHER ? other : codes[word - 1]!);
}
