import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeReport } from '../../../src/model/report/report.js';
import { reportFileName } from '../../../src/model/report/report-file-name.js';
import { NOTE_SECTIONS } from '../../../src/model/versions/note-sections.js';
import { assertWellFormed } from '../../support/markup.js';
import { COLUMNS, cardOf, sampleEvaluation, sampleReport, WHAT_MATTERS } from '../../support/sample-report.js';

const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&\u202e\u0000\n`;
/** The headings of Mitchell et al. (2019). */
const HEADINGS = [
  ...[
    'Model details',
    'Intended use',
    'Factors',
    'Metrics',
    'Evaluation data',
    'Training data',
    'Quantitative analyses',
  ],
  ...['Ethical considerations', 'Caveats and recommendations'],
];

/** The text that a reader sees. */
function textOf(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ');
}

test('a report has the sections of a model card, each linked, and marks what only people can fill', () => {
  const page = makeReport(sampleReport({}, { evaluation: sampleEvaluation(['y']) }));
  const elements = assertWellFormed(page);
  for (const heading of HEADINGS) assert.match(page, new RegExp(`<h2 id="[a-z-]+">${heading}</h2>`), heading);
  const ids = new Set(elements.map(({ attributes }) => attributes.get('id')));
  const links = elements.flatMap(({ attributes }) => attributes.get('href') ?? []);
  assert.ok(links.length > 10);
  for (const link of links) assert.ok(ids.has(link.slice(1)), link);
  const open = page.match(/To be filled in:/g)!.length;
  assert.equal(open, Object.keys(NOTE_SECTIONS).length + 1, 'each note, and the description');
});

test('a report is one file: it has no script, names no other file, and its policy allows only its own style', () => {
  const page = makeReport(sampleReport({}, { evaluation: sampleEvaluation(['y']) }));
  const elements = assertWellFormed(page);
  const forbidden = ['script', 'link', 'img', 'iframe', 'object', 'embed', 'form', 'base'];
  assert.deepEqual(
    elements.filter(({ name }) => forbidden.includes(name)),
    [],
  );
  for (const { attributes } of elements) {
    for (const [key, value] of attributes) {
      assert.ok(!['src', 'srcset', 'style', 'action'].includes(key) && !key.startsWith('on'), key);
      if (key === 'href') assert.match(value, /^#/);
    }
  }
  assert.doesNotMatch(page, /url\(|@import/);
  const policy = elements.find(({ attributes }) => attributes.get('http-equiv') === 'Content-Security-Policy');
  assert.match(policy!.attributes.get('content')!, /^default-src &#39;none&#39;; style-src &#39;sha256-/);
});

test('every drawing and table has a text for screen readers', () => {
  const elements = assertWellFormed(makeReport(sampleReport({}, { evaluation: sampleEvaluation(['y']) })));
  const drawings = elements.filter(
    ({ name, attributes }) => name === 'svg' && attributes.get('aria-hidden') !== 'true',
  );
  assert.ok(drawings.length >= 2);
  for (const { attributes } of drawings) {
    assert.equal(attributes.get('role'), 'img');
    assert.ok(attributes.get('aria-label')!.length > 20);
  }
  const count = (name: string) => elements.filter((element) => element.name === name).length;
  assert.equal(count('caption'), count('table'));
});

test('whatever names, options, reasons and notes hold, they are shown and change nothing', () => {
  const names = [`a${HOSTILE}`, '__proto__', 'constructor', ' '.repeat(300), '‮'.repeat(50)];
  const targets = [`y${HOSTILE}`, 'toString'];
  const { card } = sampleReport();
  const input = sampleReport(
    {
      ...cardOf(names, targets),
      created_at: HOSTILE,
      software: { [HOSTILE]: HOSTILE },
      training: { ...card.training, engine: HOSTILE, target_transform: HOSTILE },
      data: { ...card.data, fingerprint: HOSTILE, missing: { [names[0]!]: 9 } },
      gate: {
        decision: 'refused',
        reason: HOSTILE.repeat(100),
        warnings: [HOSTILE, 'ridge regression predicts better'],
        metric: 'rmse',
        candidate: 1,
        serving: null,
        serving_version: HOSTILE,
        tolerance: 0.05,
        p_value: null,
        rows: 2,
      },
    },
    {
      name: HOSTILE,
      evaluation: sampleEvaluation(targets),
      annotations: {
        description: HOSTILE.repeat(20),
        tags: [HOSTILE],
        notes: { owners: HOSTILE, caveats: `one\n\n${HOSTILE}` },
      },
    },
  );
  const page = makeReport(input);
  const elements = assertWellFormed(page);
  assert.ok(!elements.some(({ name }) => name === 'script' || name === 'img'));
  assert.ok(elements.every(({ attributes }) => !attributes.has('onerror')));
  for (const character of ['\u202e', '\u0000']) assert.ok(!page.includes(character));
  assert.match(textOf(page), /a<script>alert\(1\)<\/script>/);
  const warnings = elements.filter(({ attributes }) => attributes.get('class') === 'warning');
  assert.ok(warnings.length >= 2, 'those of the gate');
  assert.match(textOf(page), /ridge regression predicts better/);
});

test('a column of each type is described by its range, its levels, its dates and its gaps', () => {
  const names = COLUMNS.map(({ name }) => name);
  const { card } = sampleReport();
  const columns = { columns: [...COLUMNS], data: { ...card.data, missing: { size: 3 } } };
  const text = textOf(makeReport(sampleReport({ ...cardOf(names, ['y']), ...columns })));
  assert.match(text, /size number 1 to 9 standardised 3 \(27/);
  assert.match(text, /city category 2 levels an input for each level/);
  assert.match(text, /open boolean no or yes/);
  assert.match(text, /day timestamp 2024-01-01 to 2025-01-01 trend and cycles/);
  assert.doesNotMatch(text, /Berlin|Paris/, 'levels are counted, not named');
});

test('importance, partial dependence, the search, prediction intervals and baselines are shown, and a better ridge regression is named', () => {
  const names = COLUMNS.map(({ name }) => name);
  const input = sampleReport({ ...cardOf(names, ['y']), columns: [...COLUMNS], ...WHAT_MATTERS });
  const page = makeReport(input);
  const elements = assertWellFormed(page);
  const text = textOf(page);
  assert.match(text, /Increase of the RMSE, which is 2, .* 100 held-out rows: the mean of 5 shuffles/);
  assert.match(text, /2 columns of less importance are left out/);
  assert.match(text, /y by size \. Where it is missing: 17\./);
  assert.match(text, /y by city \. 3 less frequent levels are left out\./);
  assert.match(text, /2024-01-01 .* y by day \. Where it is missing: 3\./);
  assert.match(
    text,
    /4 configurations .* 5 folds of 80 training rows\. .* trial 2 was better\. .* 2 \(chosen\) 0\.25 ± 0\.01 0\.002/,
  );
  assert.match(text, /2 worse trials are left out/);
  assert.match(text, /enough for levels up to 95/);
  assert.match(text, /RMSE of ridge .* 6\.5 /);
  assert.match(text, /A linear \(ridge\) regression predicts y better than this model does/);
  const labels = elements.flatMap(({ attributes }) => attributes.get('aria-label') ?? []);
  assert.ok(labels.includes('Bars of the importance of 2 columns: size 3, city 2.'));
  const hostile = structuredClone(WHAT_MATTERS);
  hostile.search!.reason = HOSTILE;
  hostile.importance!.columns[0]!.name = HOSTILE;
  hostile.partial_dependence![1]!.values = [HOSTILE, 'b'];
  hostile.baselines = { ...hostile.baselines!, ridge: null, ridge_unavailable: HOSTILE };
  assertWellFormed(makeReport(sampleReport({ ...cardOf(names, ['y']), columns: [...COLUMNS], ...hostile })));
});

test('a version of an earlier release, or of few rows, says what it has not', () => {
  const old = sampleReport({ baseline: null, history: [] });
  delete (old.card as { gate?: unknown }).gate;
  const { metrics } = old.card;
  const earlier = textOf(makeReport({ ...old, card: { ...old.card, metrics: { ...metrics, rows: 80 } } }));
  assert.match(earlier, /trained by an earlier release/);
  assert.match(earlier, /no baseline, so drift is not watched/);
  assert.match(earlier, /no decision of the gate/);
  assert.match(textOf(makeReport(old)), /2 held-out rows are too few for intervals and charts/);
  assertWellFormed(makeReport({ ...old, version: null, aliases: null, isUpload: null }));
});

test('of several targets each has its errors and charts, and of many the first', () => {
  const targets = ['price', 'weight'];
  const page = makeReport(sampleReport(cardOf(['a'], targets), { evaluation: sampleEvaluation(targets) }));
  assert.match(textOf(page), /RMSE of price .*RMSE of weight/);
  assert.equal(page.match(/<figure>/g)!.length, 1 + 2 * targets.length);
  const many = Array.from({ length: 500 }, (_, i) => `target${i}`);
  const large = makeReport(sampleReport(cardOf(['a'], many), { evaluation: sampleEvaluation(many, 40) }));
  assertWellFormed(large);
  assert.match(textOf(large), /target99 .*… and 400 more/);
  assert.match(textOf(large), /… and 24 more/, 'charts of 8 of 32');
});

test('a version of 9,999 columns has a report of bounded size, made quickly', () => {
  const names = Array.from({ length: 9999 }, (_, i) => `${'column'.repeat(40)}${i}`);
  const input = sampleReport(cardOf(names, ['y']), { evaluation: sampleEvaluation(['y']) });
  makeReport(input);
  const started = performance.now();
  const page = makeReport(input);
  // Milliseconds on an idle machine.
  assert.ok(performance.now() - started < 2000);
  assert.ok(page.length < 200_000, `${page.length} characters`);
  assert.match(textOf(page), /… and 9,899 more/);
});

test('notes and the description are shown in their sections, with their lines', () => {
  const notes = Object.fromEntries(Object.keys(NOTE_SECTIONS).map((section) => [section, `about ${section}`]));
  const annotations = { description: 'A model of cars.', tags: ['reviewed', 'cars'], notes };
  const page = makeReport(sampleReport({}, { annotations }));
  assert.doesNotMatch(page, /To be filled in/);
  assert.match(textOf(page), /Out of scope about out_of_scope/);
  assert.match(textOf(page), /Tags reviewed cars/);
  const prose = makeReport(
    sampleReport({}, { annotations: { ...annotations, notes: { caveats: 'one\ntwo\r\n\r\nthree' } } }),
  );
  assert.match(prose, /<p class="prose" dir="auto">one\ntwo<\/p>\n<p class="prose" dir="auto">three<\/p>/);
});

test('the name of the file has the version, and nothing that a file system would take amiss', () => {
  assert.equal(reportFileName('cars', 3), 'model-cars-v3-report.html');
  assert.equal(reportFileName('a/b "c"\n', null), 'model-a_b_c_-report.html');
});
