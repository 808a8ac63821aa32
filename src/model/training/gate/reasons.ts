import type { Findings } from './findings.js';

const MEAN = 'the mean of the training rows';
const RIDGE = 'ridge regression';

/** The way out of a refusal. */
const OVERRULE = 'To serve it all the same, activate this version, or train with promote=always.';

/** Returns why the gate decides as it does, in sentences. */
export function reasonOf(findings: Findings): string {
  const { promote, serving } = findings;
  const comparison = serving ? comparedWithServing(findings, serving.version) : comparedWithBaselines(findings);
  return (promote === 'gate' ? '' : `promote=${promote}, so the gate does not decide: `) + comparison.join(' ');
}

/** Returns the warning of a version that is worse than ridge regression. */
export function ridgeWarning({ candidate, ridge, rows }: Findings): string {
  return (
    `A ridge regression on the same columns predicts better: RMSE ${figure(ridge!)} against ${figure(candidate)} on the same ` +
    `${rows} held-out rows, beyond chance. More rows, or other training options, may help.`
  );
}

function comparedWithServing(findings: Findings, version: number): string[] {
  const { candidate, mean, isWorse, isUseless, isUninformative, isBetterThanMean, explained, serving } = findings;
  const sentences = [besideServing(findings, version)];
  if (isUninformative) {
    sentences.push(
      `It explains ${percent(Math.max(0, explained))} of the variance of the targets, while version ${version} explained ` +
        `${percent(serving!.explained)} on its own held-out rows: are the targets right?`,
    );
  } else if (isUseless && !isWorse) {
    sentences.push(`It predicts no better than ${MEAN} (${figure(mean)}).`);
  } else if (candidate < mean && !isBetterThanMean) {
    sentences.push(`${heldOut(findings)} not show that it predicts better than ${MEAN} (${figure(mean)}).`);
  }
  return isWorse || isUseless || isUninformative ? [...sentences, ...wayOut(findings)] : sentences;
}

function besideServing({ candidate, former, tolerance, isWorse, rows }: Findings, version: number): string {
  const [ours, theirs] = [figure(candidate), figure(former)];
  const other = `version ${version} (${theirs})`;
  const limit = `the limit is ${percent(tolerance)} worse`;
  if (isWorse) {
    const certainty = rows === 1 ? 'on a single held-out row' : `beyond chance on ${rows} held-out rows`;
    return `RMSE ${ours}, more than ${percent(tolerance)} worse than ${other}, ${certainty}.`;
  }
  if (ours === theirs) return `RMSE ${ours}, as good as ${other}; ${limit}.`;
  if (candidate < former || !Number.isFinite(former)) return `RMSE ${ours}, better than ${other}; ${limit}.`;
  const share = candidate / former - 1;
  return share <= tolerance
    ? `RMSE ${ours}, ${percent(share, 2)} worse than ${other}; ${limit}.`
    : `RMSE ${ours}, worse than ${other}, but ${rows} held-out rows do not show that it exceeds the limit, ${percent(tolerance)} worse.`;
}

function comparedWithBaselines(findings: Findings): string[] {
  const { candidate, mean, ridge, tolerance, isBetterThanMean, isWorseThanRidge } = findings;
  const ours = `RMSE ${figure(candidate)}`;
  const ofMean = `${MEAN} (${figure(mean)})`;
  if (!(candidate < mean)) return [`${ours}, no better than ${ofMean}.`, ...wayOut(findings)];
  if (!isBetterThanMean) {
    const doubt = `${heldOut(findings).toLowerCase()} not show that this is more than chance; more rows might`;
    return [`${ours}, less than ${ofMean}, but ${doubt}.`, ...wayOut(findings)];
  }
  if (ridge === null || isWorseThanRidge) return [`${ours}, better than ${ofMean}.`];
  const ofRidge = `${RIDGE} (${figure(ridge)})`;
  if (candidate < ridge) return [`${ours}, better than ${ofMean} and ${ofRidge}.`];
  const isClose = figure(candidate) === figure(ridge) || candidate <= (1 + tolerance) * ridge;
  return [`${ours}, better than ${ofMean} and ${isClose ? 'as good as' : 'not shown to be worse than'} ${ofRidge}.`];
}

function wayOut({ promote }: Findings): string[] {
  return promote === 'gate' ? [OVERRULE] : [];
}

/** Begins a sentence, up to `not`. */
function heldOut({ rows }: Findings): string {
  return rows === 1 ? 'A single held-out row does' : `The ${rows} held-out rows do`;
}

/** Rounds to three significant digits. */
function percent(share: number, digits = 3): string {
  return `${Number((100 * share).toPrecision(digits))} %`;
}

/** Four significant digits, and all before the point: 1,381 and 0.04217. */
function figure(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && !(size >= 1e-4 && size < 1e9)) return String(Number(value.toPrecision(4)));
  return new Intl.NumberFormat('en', {
    maximumSignificantDigits: size >= 1e4 ? Math.ceil(Math.log10(size + 1)) : 4,
  }).format(value);
}
