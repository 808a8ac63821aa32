import { Command } from 'commander';
import { verifyAudit } from '../../server/audit/verify.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { EXIT } from '../terminal/exit-codes.js';
import { fileError } from '../terminal/file-error.js';
import { print } from '../terminal/print.js';

export function auditCommand(): Command {
  const verify = new Command('verify')
    .description('check that no entry was changed, removed, inserted or reordered; exits with 1 if one was')
    .argument('<file...>', 'the files of one chain, the oldest first')
    .action(async (files: string[], { json }: { json?: boolean }) => {
      const verified = await verifyAudit(files).catch((error) => {
        throw fileError(files.join(', '), 'read', error);
      });
      const { entries, otherLines, findings, notes, last } = verified;
      if (findings.length > 0) process.exitCode = EXIT.failure;
      print(json, { entries, other_lines: otherLines, findings, notes, last: last ?? null }, () => {
        const others = otherLines > 0 ? `, ${otherLines} lines of something else` : '';
        const end = last ? `; the last one is seq ${last.seq} with the hash ${last.hash}` : '';
        const found = findings.map(({ kind, file, line, message }) => `${file}:${line}: ${kind}: ${message}\n`);
        const verdict = findings.length === 0 ? 'nothing was changed' : `${findings.length} findings`;
        const remarks = notes.map((note) => `note: ${note}\n`);
        return `${[...remarks, ...found].join('')}${entries} whole entries${others}${end}\n${verdict}\n`;
      });
    });
  const command = new Command('audit').description('verify an audit log').addCommand(withJson(verify));
  const examples = [
    ['audit verify audit.log.1 audit.log', 'compare what it prints last with what the service logged last'],
  ] as const;
  withExamples(verify, examples);
  return withExamples(command, examples);
}
