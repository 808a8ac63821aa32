import { isBothFamilies } from './access/perimeter/exposure.js';
import type { Serving } from './service/prediction/prediction-service.js';
import { exampleRow } from './service/versions/input-schema.js';

/** Maximum characters of a body in a command: a longer one fills the screen. */
const LONGEST_BODY = 1000;
/** Maximum characters of a list of names. */
const LONGEST_LIST = 60;
/** Option of curl where requests need a credential. */
const KEY = ' -H "authorization: Bearer $KEY"';
/** Addresses that stand for all of the machine's, `localhost` among them. */
const ALL_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** What the first lines say, and where the service listens. */
export interface Started {
  readonly model: string;
  /** The version that serves, or the reason why none does. */
  readonly serving: Serving | string;
  /** `HOST`. */
  readonly host: string;
  readonly port: number;
  /** The port of the page and of all that changes something; `port` if there is only one. */
  readonly adminPort: number;
  readonly isEncrypted: boolean;
  /** Requests need a credential. */
  readonly isClosed: boolean;
  readonly logLevel: string;
}

/** Returns what a person at a terminal needs first: what serves, where to open it, what to try, and where the log goes. */
export function firstLines(started: Started): string {
  const { model, serving, adminPort, logLevel } = started;
  const page = urlOf(started, adminPort);
  const key = started.isClosed ? KEY : '';
  const requests = logLevel === 'debug' || logLevel === 'trace' ? '' : '; LOG_LEVEL=debug adds every request';
  const rows = [
    ['Serves', `${printable(model)}, ${describe(serving)}`],
    ['Open', `${page} for the page, ${page}/docs for the API`],
    ['Try', example(started, page)],
    [
      'Train',
      `curl '${page}/train?target=COLUMN&replace=true&wait=true'${key} -H 'content-type: text/csv' --data-binary @FILE.csv`,
    ],
    ['Log', `in this terminal${requests}. A pipe or a file gets JSON lines. Ctrl-C ends the service`],
  ] as const;
  return `\n${rows.map(([name, text]) => `${name.padEnd(7)} ${text}\n`).join('')}\n`;
}

/** A command that works with the columns of the serving version. */
function example(started: Started, page: string): string {
  const { serving, port } = started;
  const key = started.isClosed ? KEY : '';
  if (typeof serving === 'string') return `curl '${page}/readyz?verbose'${key}`;
  const row = exampleRow(serving.card);
  const instance = Object.fromEntries(serving.card.features.map((name, j) => [name, row[j]]));
  const body = printable(JSON.stringify({ instances: [instance] })).replaceAll("'", "'\\''");
  if (body.length > LONGEST_BODY) return `curl ${page}/model${key}   # the columns, and the JSON Schema of a row`;
  return `curl ${urlOf(started, port)}/predict${key} -H 'content-type: application/json' -d '${body}'`;
}

function urlOf({ host, isEncrypted }: Started, port: number): string {
  const name = isBothFamilies(host) || ALL_ADDRESSES.has(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${isEncrypted ? 'https' : 'http'}://${name}:${port}`;
}

function describe(serving: Serving | string): string {
  if (typeof serving === 'string') return printable(serving);
  const { features, targets } = serving.card;
  return `version ${serving.version}: ${listed(targets)} from ${listed(features)}`;
}

function listed(names: readonly string[]): string {
  let text = '';
  for (const [i, name] of names.entries()) {
    const next = `${text}${i > 0 ? ', ' : ''}${printable(name)}`;
    if (i > 0 && next.length > LONGEST_LIST) return `${text} and ${names.length - i} more`;
    text = next;
  }
  return text;
}

/** Writes what would steer a terminal, or reverse its text, as JSON does: `\u001b`. Names come from the file of a training. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
