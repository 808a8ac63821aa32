import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flushDirectory } from '../../base/files/directory.js';
import { failpoint } from '../../base/files/failpoint.js';
import type { Baseline } from '../baseline/baseline.js';
import type { Evaluation } from '../evaluation/evaluation.js';
import type { Intervals } from '../intervals/intervals.js';
import type { IntervalsFile } from '../intervals/intervals-file.js';
import { readIntervals } from '../intervals/read-intervals.js';
import type { EngineFactory } from '../network/engine.js';
import { bytesToWeights, layersModelJson, weightsToBytes } from '../network/layers-format.js';
import { Predictor, type Scalers } from '../network/predictor.js';
import { type Shape, weightCount } from '../network/shape.js';
import { ANNOTATIONS_FILE } from './annotations.js';
import { type Card, inputsOfCard, invalidVersion, parseCard, scalersOf, sealCard, sha256 } from './card.js';
import { makeProbe, type Probe, parseProbe, verifyProbe } from './probe.js';
import { checkFileSizes, MAX_CARD_BYTES } from './version-bounds.js';
import { EVALUATION_FILE } from './version-evaluation.js';

/**
 * Marks an uploaded version. The file is empty and the card does not list it, so that the uploaded files stay
 * byte-identical. No checksum needs to guard it: only its existence counts.
 */
export const UPLOAD_MARK = 'upload.json';

/** The files of a version by name, as the store returns them. */
export type VersionFiles = ReadonlyMap<string, Uint8Array>;

/** The result of a training: the network, and everything on the card that does not follow from the network and the files. */
export interface NewVersion {
  readonly shape: Shape;
  readonly weights: Float32Array;
  readonly scalers: Scalers;
  /** The baseline that drift is measured against; null if there is none. */
  readonly baseline: Baseline | null;
  /** What its prediction intervals are made from. */
  readonly intervals?: IntervalsFile;
  /** How it predicted the held-out rows; null if they are too few. */
  readonly evaluation?: Evaluation | null;
  readonly card: Pick<
    Card,
    | 'created_at'
    | 'features'
    | 'targets'
    | 'training'
    | 'data'
    | 'metrics'
    | 'baselines'
    | 'gate'
    | 'importance'
    | 'partial_dependence'
    | 'history'
    | 'software'
    | 'search'
  >;
}

/**
 * Writes a whole version to `directory`, the card last, and flushes each file to the disk. Throws `TRAINING_DIVERGED` if the
 * model's answers to its probe batch are not finite: the version could never be opened. A card that the names of its columns make
 * too large goes without what matters overall; throws `TOO_LARGE` if it still is too large.
 */
export function writeVersion(directory: string, version: NewVersion, createEngine: EngineFactory): void {
  const { shape, weights, scalers, baseline, intervals, evaluation, card } = version;
  const files = new Map<string, Uint8Array>([
    ['model.json', Buffer.from(layersModelJson(shape))],
    ['weights.bin', weightsToBytes(weights)],
  ]);
  if (baseline) files.set('baseline.json', Buffer.from(JSON.stringify(baseline)));
  if (intervals) files.set('intervals.json', Buffer.from(JSON.stringify(intervals)));
  if (evaluation) files.set(EVALUATION_FILE, Buffer.from(JSON.stringify(evaluation)));
  using predictor = new Predictor(createEngine(shape, weights), scalers);
  files.set('probe.json', Buffer.from(JSON.stringify(makeProbe(predictor))));
  const { importance: _, partial_dependence: __, ...necessary } = card;
  const full = cardText(version, card, files);
  files.set('card.json', full.byteLength > MAX_CARD_BYTES ? cardText(version, necessary, files) : full);
  checkFileSizes(files);
  writeFiles(directory, files);
}

/** Returns the text of a sealed card that lists these files. */
function cardText(version: NewVersion, card: NewVersion['card'], files: VersionFiles): Uint8Array {
  const { shape, scalers, baseline, intervals } = version;
  const sealed = sealCard({
    schema: 1,
    ...card,
    ...(scalers.columns && { columns: [...scalers.columns] }),
    ...(scalers.transforms && { target_transforms: [...scalers.transforms] }),
    scalers: { features: scalers.features, targets: scalers.targets },
    network: { hidden: [...shape.hidden], auxiliary_weight: shape.auxiliaryWeight },
    baseline: baseline && { rows: baseline.rows, conditional: baseline.conditional !== null },
    ...(intervals && { intervals: { rows: intervals.rows } }),
    files: Object.fromEntries(
      Array.from(files, ([name, content]) => [name, { bytes: content.byteLength, sha256: sha256(content) }]),
    ),
  });
  return Buffer.from(JSON.stringify(sealed, null, 2));
}

/** Writes the files in their order and flushes each to the disk. A version's card must be the last. */
export function writeFiles(directory: string, files: VersionFiles): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of files) {
    writeFileSync(join(directory, name), content, { flush: true });
    failpoint(`write:${name}`);
  }
  flushDirectory(directory);
}

/** Writes the verified files of an uploaded version, with their mark, and without annotations, which the store has beside it. */
export function writeUpload(directory: string, files: VersionFiles): void {
  const listed = Array.from(files).filter(([name]) => name !== ANNOTATIONS_FILE);
  writeFiles(directory, new Map([[UPLOAD_MARK, new Uint8Array()], ...listed]));
}

/** Reads the named files, which include the card, in the order that `writeFiles` expects: the card last. */
export async function readFiles(directory: string, names: readonly string[]): Promise<VersionFiles> {
  const files = new Map<string, Uint8Array>();
  for (const name of [...names.filter((each) => each !== 'card.json'), 'card.json']) {
    files.set(name, await readFile(join(directory, name)));
  }
  return files;
}

/** The content of a version's files, before an engine runs it. */
export interface VersionContent {
  readonly card: Card;
  readonly shape: Shape;
  /** Flat, in the order of `layerShapes`. */
  readonly weights: Float32Array;
}

/** Verifies every file's checksum, and reads card and weights. Throws `INVALID_VERSION` with file and reason. */
export function readVersion(files: VersionFiles): VersionContent {
  const card = parseCard(file(files, 'card.json'));
  for (const [name, { sha256: expected }] of Object.entries(card.files)) {
    if (sha256(file(files, name)) !== expected) {
      throw invalidVersion(`${name}: its checksum is not the card's; the file was changed`);
    }
  }
  const shape: Shape = {
    inputs: inputsOfCard(card),
    outputs: card.targets.length,
    hidden: card.network.hidden,
    auxiliaryWeight: card.network.auxiliary_weight,
  };
  return { card, shape, weights: bytesToWeights(file(files, 'weights.bin'), weightCount(shape)) };
}

/** A version whose network runs. */
interface OpenVersion {
  readonly card: Card;
  readonly predictor: Predictor;
  readonly probe: Probe;
  readonly deviation: number;
  /** Undefined for a version without `intervals.json`. */
  readonly intervals: Intervals | undefined;
}

/**
 * Reads a version, builds the engine and replays the probe batch. `deviation` is the result of `verifyProbe`. Closing the
 * predictor frees the engine. Throws `INVALID_VERSION` with file and reason.
 */
export function openVersion(files: VersionFiles, createEngine: EngineFactory): Disposable & OpenVersion {
  const { card, shape, weights } = readVersion(files);
  const predictor = new Predictor(createEngine(shape, weights), scalersOf(card));
  try {
    const probe = parseProbe(file(files, 'probe.json'), card);
    const deviation = verifyProbe(predictor, probe);
    const intervals = intervalsOf(files, card);
    return { card, predictor, probe, deviation, intervals, [Symbol.dispose]: () => predictor.close() };
  } catch (error) {
    predictor.close();
    throw error;
  }
}

function intervalsOf(files: VersionFiles, card: Card): Intervals | undefined {
  const content = files.get('intervals.json');
  const intervals = content && readIntervals(Buffer.from(content).toString(), scalersOf(card));
  if (intervals?.rows === card.intervals?.rows) return intervals;
  const described = card.intervals ? `${card.intervals.rows} calibration rows` : 'none';
  throw invalidVersion(
    `intervals.json: the card describes ${described}, but the file ${intervals ? `has ${intervals.rows}` : 'is missing'}`,
  );
}

/** Returns a file's content. Throws `INVALID_VERSION` if it is missing. */
export function file(files: VersionFiles, name: string): Uint8Array {
  const content = files.get(name);
  if (!content) throw invalidVersion(`${name}: the file is missing`);
  return content;
}
