import type { Notation } from '../column.js';
import { infiniteInText, normalised, numberInText } from './number-text.js';

/** A text of a column, and how often it is there. */
export interface CountedText {
  readonly text: string;
  readonly count: number;
}

/** What is known before the texts are read. */
export interface NotationHints {
  /** As the caller says, or as numbers that were read before are written. */
  readonly decimal?: '.' | ',' | undefined;
  /** The decimal mark of other columns of the table, for texts such as `1,234` that could be read both ways. */
  readonly others?: OtherMarks | undefined;
}

/** `unknown`: the table may well have decimal commas, so that points alone decide nothing. */
export type OtherMarks = '.' | ',' | 'unknown';

export interface InferredNotation {
  /** Undefined if most texts are numbers that can be read in two ways, and nothing says in which. */
  readonly notation: Notation | undefined;
  /** Texts that are numbers in this notation, counted as often as they are there. */
  readonly weight: number;
  /** True if no other decimal mark could be meant. */
  readonly certain: boolean;
}

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));
/** A currency sign, perhaps with letters before it (`US$`), a currency's code, or a percent sign. */
const UNIT = /^(?:[%‰]|[A-Za-z]{0,3}\p{Sc}|[A-Z]{3})/u;
const UNIT_AT_END = /(?:[%‰]|[A-Za-z]{0,3}\p{Sc}|[A-Z]{3})$/u;
/** Characters of a number in another notation than the plain one. */
const MAX_LENGTH = 64;
const GROUPS = ["'", '_', ' '] as const;

/** A number without its sign and its unit. */
interface Shape {
  readonly text: string;
  readonly count: number;
  readonly unit: string;
  readonly body: string;
  readonly isBracketed: boolean;
}

/**
 * Returns the notation in which most of the texts are numbers. Only one unit, one decimal mark and one separator of groups may be in
 * a column; `plain` numbers have none of them. Texts that it does not read are for the caller to refuse.
 */
export function inferNotation(texts: Iterable<CountedText>, hints: NotationHints = {}): InferredNotation {
  const shapes: Shape[] = [];
  for (const each of texts) {
    const shape = shapeOf(each);
    if (shape) shapes.push(shape);
  }
  const unit = heaviestUnit(shapes);
  const same = shapes.filter((shape) => shape.unit === unit);
  const all = same.map(({ body }) => body).join('|');
  const groups = GROUPS.filter((group) => all.includes(group));
  const parentheses = same.some(({ isBracketed }) => isBracketed);
  const family = (decimal: '.' | ','): Reading[] => {
    const other = decimal === '.' ? ',' : '.';
    const separators = [undefined, ...(all.includes(other) ? [other] : []), ...groups];
    return separators.map((thousands) => read(same, noted(decimal, thousands, unit, parentheses)));
  };
  const best = (readings: readonly Reading[]) => readings.reduce((a, b) => (b.weight > a.weight ? b : a));
  const point = hints.decimal === ',' ? undefined : best(family('.'));
  const comma = hints.decimal === '.' ? undefined : best(family(','));
  if (!point || !comma) {
    const { notation, weight } = (point ?? comma)!;
    return { notation, weight, certain: true };
  }
  if (point.weight !== comma.weight) {
    const { notation, weight } = point.weight > comma.weight ? point : comma;
    return { notation, weight, certain: true };
  }
  const { weight } = point;
  const differ = point.values.some((value, i) => value !== comma.values[i] && !Number.isNaN(value));
  const { others } = hints;
  if ((others === '.' && differ) || others === ',') {
    return { notation: (others === '.' ? point : comma).notation, weight, certain: false };
  }
  // Only points, as programs write numbers: a decimal point unless another column of the table says otherwise.
  const undecided = differ && (all.includes(',') || others === 'unknown');
  return { notation: undecided ? undefined : point.notation, weight, certain: false };
}

/** Returns a function that reads numbers in a notation, NaN for any other text. Unlike a prediction's, a training's cells all have the unit. */
export function strictReader(notation: Notation): (text: string) => number {
  const { decimal, thousands, unit = '', parentheses } = notation;
  if (thousands === undefined && unit === '' && !parentheses) {
    return decimal === '.' ? numberInText : (text) => (COMMA.test(text) ? Number(text.replace(',', '.')) : other(text));
  }
  return other;

  function other(text: string): number {
    const shape = shapeOf({ text, count: 1 });
    return shape?.unit === unit && isWritten(shape.body, decimal, thousands)
      ? numberInText(text, notation)
      : infiniteInText(text);
  }
}

const COMMA = /^[+-]?(\d+(,\d*)?|,\d+)(e[+-]?\d+)?$/i;

interface Reading {
  readonly notation: Notation;
  readonly weight: number;
  /** One for each shape; NaN if it is not written so. */
  readonly values: readonly number[];
}

function noted(decimal: '.' | ',', thousands: string | undefined, unit: string, parentheses: boolean): Notation {
  return {
    decimal,
    ...(thousands !== undefined && { thousands }),
    ...(unit !== '' && { unit }),
    ...(parentheses && { parentheses }),
  };
}

function read(shapes: readonly Shape[], notation: Notation): Reading {
  const { decimal, thousands } = notation;
  let weight = 0;
  const values = shapes.map(({ text, body, count }) => {
    const value = isWritten(body, decimal, thousands) ? numberInText(text, notation) : Number.NaN;
    if (!Number.isNaN(value)) weight += count;
    return value;
  });
  return { notation, weight, values };
}

const WRITTEN = new Map<string, RegExp>();

/** Returns true for digits in groups of three, or in no groups, with decimals or an exponent. Nobody writes `0,123` for 123. */
function isWritten(body: string, decimal: '.' | ',', thousands: string | undefined): boolean {
  const key = decimal + (thousands ?? '');
  let pattern = WRITTEN.get(key);
  if (!pattern) {
    const mark = decimal === '.' ? '\\.' : ',';
    const separator = thousands === '.' ? '\\.' : thousands;
    const grouped = separator === undefined ? '' : `[1-9]\\d{0,2}(?:${separator}\\d{3})+|`;
    pattern = new RegExp(`^(?:(?:${grouped}\\d+)(?:${mark}\\d*)?|${mark}\\d+)(?:e[+-]?\\d+)?$`, 'i');
    WRITTEN.set(key, pattern);
  }
  return pattern.test(body);
}

/** Returns undefined for a text that is no number in any notation. */
function shapeOf({ text, count }: CountedText): Shape | undefined {
  if (text.length > MAX_LENGTH) return longShapeOf(text, count);
  let body = normalised(text);
  const isBracketed = /^\(.*\)$/.test(body);
  if (isBracketed) body = body.slice(1, -1).trim();
  body = body.replace(/^[+-]\s*/, '');
  const unit = (UNIT.exec(body) ?? UNIT_AT_END.exec(body))?.[0] ?? '';
  if (unit !== '') {
    if (/^[A-Z]{3}$/.test(unit) && !CURRENCIES.has(unit)) return undefined;
    body = (body.startsWith(unit) ? body.slice(unit.length) : body.slice(0, -unit.length)).trim();
    body = body.replace(/^[+-]/, '');
  }
  return /^[\d.,'_ ]*\d[\d.,'_ ]*(e[+-]?\d+)?$/i.test(body) ? { text, count, unit, body, isBracketed } : undefined;
}

/** Of digits beyond all need, as some programs write them. */
function longShapeOf(text: string, count: number): Shape | undefined {
  const body = text.replace(/^[+-]/, '');
  return /^[\d.]+$/.test(body) ? { text, count, unit: '', body, isBracketed: false } : undefined;
}

function heaviestUnit(shapes: readonly Shape[]): string {
  const weights = new Map<string, number>();
  for (const { unit, count } of shapes) weights.set(unit, (weights.get(unit) ?? 0) + count);
  let best = '';
  for (const [unit, weight] of weights) if (weight > (weights.get(best) ?? 0)) best = unit;
  return best;
}
