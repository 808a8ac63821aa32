import { parseArgs } from 'node:util';
import { DomainError } from '../../base/domain-error.js';
import { auditChange } from '../audit/audit-change.js';
import { createCertificateRecord, createKeyRecord, list, revoke } from './commands.js';

// Makes, lists and revokes API keys: `npm run keys -- create --name ci --scopes predict,feedback`, or, in the image, `keys create …`.
// A new key is printed to standard output, alone and only once. Exits with 1 if a command is refused.

const USAGE = `usage:
  keys create --name <name> --scopes <scopes> [--expires <days>d|<date>|never] [--certificate <name>]
  keys list
  keys revoke <id>

The keys are in the file that API_KEYS or --file names. A running service reads it again when it changes.
Scopes, separated by commas: predict, feedback, train, activate, read, metrics; admin is all of them.
--certificate: instead of a key, the name of a client's certificate: CN=…, DNS:…, URI:…, email:… or its SHA-256 fingerprint.
`;

const NO_CHANGE = 'no key is changed';

try {
  await run();
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (!(error instanceof DomainError) && !isUsage) throw error;
  console.error(`keys: ${error.message}${isUsage ? `\n${USAGE}` : ''}`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: process.argv.slice(process.argv[2] === 'keys' ? 3 : 2),
    options: { name: text, scopes: text, expires: text, certificate: text, file: text, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [command, ...operands] = positionals;
  if (values.help || command === undefined) {
    console.log(USAGE);
    return;
  }
  const auditLog = process.env['AUDIT_LOG'] || 'off';
  const file = values.file ?? process.env['API_KEYS'];
  if (!file) throw new DomainError('INVALID_REQUEST', 'expected the file of the keys in API_KEYS, or --file');
  const isExpected = command === 'revoke' ? operands.length === 1 : operands.length === 0;
  if (command === 'create' && isExpected) {
    const { name, scopes, expires, certificate } = values;
    const terms = { name, scopes, expires };
    const detail = { name: name ?? null, scopes: scopes ?? null, certificate: certificate ?? null };
    const create = () =>
      certificate === undefined ? createKeyRecord(file, terms) : createCertificateRecord(file, terms, certificate);
    const event = { action: 'key-create', target: null, detail } as const;
    const { record, text: key } = await auditChange(auditLog, event, NO_CHANGE, create, (made) => made.record.id);
    const until = record.expires === null ? 'without an expiry' : `until ${record.expires}`;
    console.error(`${record.id} (${record.name}) may ${record.scopes.join(', ')}, ${until}`);
    if (key !== undefined) console.log(key);
  } else if (command === 'list' && isExpected) console.log(list(file));
  else if (command === 'revoke' && isExpected) {
    const event = { action: 'key-revoke', target: operands[0]! } as const;
    console.error(await auditChange(auditLog, event, NO_CHANGE, () => revoke(file, operands[0]!)));
  } else throw new DomainError('INVALID_REQUEST', `${positionals.join(' ')}: no such command\n${USAGE}`);
}
