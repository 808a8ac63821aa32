import { Command } from 'commander';
import { auditChange } from '../audit/audit-change.js';
import { createCertificateRecord, createKeyRecord, keyRows, revoke } from '../keys/commands.js';
import { settings } from '../source/settings.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { UsageError } from '../terminal/exit-codes.js';
import { print, remark } from '../terminal/print.js';
import { textTable } from '../terminal/text-table.js';

interface KeyOptions {
  readonly file?: string;
  readonly json?: boolean;
}
interface CreateOptions extends KeyOptions {
  readonly name: string;
  readonly scopes: string;
  readonly expires?: string;
  readonly certificate?: string;
}

const NO_CHANGE = 'no key is changed';

export function keysCommand(): Command {
  const create = withFile(new Command('create').description('make a key; it is printed once, to standard output'))
    .requiredOption('--name <name>', 'whose it is')
    .requiredOption(
      '--scopes <scopes>',
      'predict, feedback, train, activate, read, metrics, separated by commas; admin is all of them',
    )
    .option('--expires <when>', 'after days (90d), on a date, or never (default: 365d)')
    .option(
      '--certificate <name>',
      "a client's certificate instead of a key: CN=…, DNS:…, URI:…, email:… or its SHA-256 fingerprint",
    )
    .action(createKey);
  const list = withFile(new Command('list').description('list the keys, without their secrets')).action(
    (options: KeyOptions) => {
      const [head, ...rows] = keyRows(fileOf(options));
      const records = rows.map(([id, state, until, created, scopes = '', name, certificate]) => {
        return { id, state, until, created, scopes: scopes.split(','), name, certificate: certificate || null };
      });
      print(options.json, records, () => textTable(head!, rows));
    },
  );
  const revokeKey = withFile(
    new Command('revoke').description('revoke a key').argument('<id>', 'its id, from keys list'),
  ).action(async (id: string, options: KeyOptions) => {
    const file = fileOf(options);
    const event = { action: 'key-revoke', target: id } as const;
    const message = await auditChange(settings().AUDIT_LOG, event, NO_CHANGE, () => revoke(file, id));
    print(options.json, { id, message }, () => `${message}\n`);
  });
  withExamples(create, [
    ['keys create --name ci --scopes predict,feedback --expires 90d --file keys', 'a key for a program, for 90 days'],
    ['keys create --name shop --scopes predict --certificate CN=shop --file keys', "for a client's certificate"],
  ]);
  withExamples(list, [['keys list --file keys --json', 'all keys, for a program']]);
  withExamples(revokeKey, [['keys revoke ID --file keys', 'the key with this id is refused from now on']]);
  const command = new Command('keys')
    .description('make, list and revoke API keys; a running service reads their file again when it changes')
    .addCommand(create)
    .addCommand(list)
    .addCommand(revokeKey);
  return withExamples(command, [
    ['keys create --name ci --scopes predict,feedback --file keys', 'a key for a program'],
    ['keys list --file keys', 'all keys, with their states'],
  ]);
}

function withFile(command: Command): Command {
  return withJson(command.option('--file <file>', 'file of the keys (default: API_KEYS)'));
}

function fileOf({ file = process.env['API_KEYS'] }: KeyOptions): string {
  if (file) return file;
  throw new UsageError('--file: expected the file of the keys, here or in API_KEYS');
}

async function createKey(options: CreateOptions): Promise<void> {
  const file = fileOf(options);
  const { name, scopes, expires, certificate, json } = options;
  const terms = { name, scopes, expires };
  const detail = { name, scopes, certificate: certificate ?? null };
  const create = () =>
    certificate === undefined ? createKeyRecord(file, terms) : createCertificateRecord(file, terms, certificate);
  const event = { action: 'key-create', target: null, detail } as const;
  const made = await auditChange(settings().AUDIT_LOG, event, NO_CHANGE, create, ({ record }) => record.id);
  const { record, text: key } = made;
  if (json) {
    const { id, expires: until } = record;
    print(true, { id, name, scopes: record.scopes, expires: until, key: key ?? null }, String);
    return;
  }
  const until = record.expires === null ? 'without an expiry' : `until ${record.expires}`;
  remark(`${record.id} (${record.name}) may ${record.scopes.join(', ')}, ${until}`);
  if (key !== undefined) process.stdout.write(`${key}\n`);
}
