import { type Html, html } from '../../../base/html/html.js';
import { bytes, counted, figure, printable } from '../../../base/text/figures.js';
import { inputsOfCard } from '../../versions/card.js';
import { facts, name, prose, section, written } from '../parts.js';
import type { ReportInput } from '../report-input.js';

/** Target of the page's title: what the model predicts. */
export function title({ name: model, version }: Pick<ReportInput, 'name' | 'version'>): string {
  return version === null
    ? `Model report: ${printable(model)}`
    : `Model report: ${printable(model)}, version ${version}`;
}

/** What the model is, who made it, and from what. */
export function details(input: ReportInput): Html {
  const { card, version, aliases, isUpload, annotations } = input;
  const { network, training, data, software, files, target_transforms: transforms } = card;
  const layers = [inputsOfCard(card), ...network.hidden, card.targets.length].map((units) => figure(units));
  const size = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  const logarithmic = card.targets.filter((_, j) => transforms?.[j]?.method === 'log1p');
  return section(
    'details',
    'Model details',
    annotations.description === null
      ? html`<p class="open"><strong>To be filled in:</strong> a description of the version, in a few sentences.</p>\n`
      : prose(annotations.description),
    facts([
      ['Model', name(input.name)],
      ['Version', version === null ? 'none: it was read from its files' : String(version)],
      aliases && [
        'When this report was made',
        aliases.length > 0 ? `${aliases.join(', ')} version` : 'without an alias',
      ],
      ['Created', time(card.created_at)],
      isUpload !== null && ['Origin', isUpload ? 'uploaded as an archive' : 'trained by this service'],
      annotations.tags.length > 0 && [
        'Tags',
        html`${annotations.tags.map((tag) => html`<span class="tag">${name(tag, 64)}</span> `)}`,
      ],
      ['Predicts', namesOf(card.targets)],
      ['From', counted(card.features.length, 'column')],
      [
        'Type',
        'neural network for regression that also reconstructs its own inputs; a large reconstruction error marks rows unlike those of the training',
      ],
      ['Layers', `${layers.join(' → ')} units; reconstruction weighted with ${figure(network.auxiliary_weight)}`],
      logarithmic.length > 0 && ['Learned as a logarithm', namesOf(logarithmic)],
      ['Trained by', html`engine ${name(training.engine)}`],
      [
        'Software',
        html`${Object.entries(software)
          .slice(0, 10)
          .map(([program, release]) => html`${name(program)} ${name(release)}<br/>`)}`,
      ],
      ['Size', bytes(size)],
      ['Fingerprint of the data', hash(data.fingerprint)],
      ['Checksum of the card', hash(card.checksum)],
    ]),
    written(input, 'owners'),
    written(input, 'licence'),
  );
}

/** What people intend the model for. */
export function intendedUse(input: ReportInput): Html {
  return section('use', 'Intended use', written(input, 'intended_use'), written(input, 'out_of_scope'));
}

export function factors(input: ReportInput): Html {
  return section(
    'factors',
    'Factors',
    html`<p>The columns that the model reads are listed with the <a href="#training-data">training data</a>.</p>\n`,
    written(input, 'factors'),
  );
}

/** A SHA-256, as text that may break anywhere. */
function hash(text: string): Html | string {
  return text === '' ? 'none' : html`<code>${printable(text, 64)}</code>`;
}

function namesOf(names: readonly string[]): Html {
  const more = names.length - 10;
  return html`${names.slice(0, 10).map((each, i) => html`${i > 0 ? ', ' : ''}${name(each)}`)}${more > 0 ? ` and ${figure(more)} more` : ''}`;
}

/** A time of ISO 8601, in UTC, to the second; what is none as it is. */
export function time(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? printable(text, 40) : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
