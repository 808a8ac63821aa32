import { verifyAudit } from '../../server/audit/verify.js';

// Verifies an audit log: `npm run audit-log -- verify audit.log.1 audit.log`, or, in the image, `audit verify …`. Exits with 1 if it
// finds that lines were changed, removed, inserted or reordered, and with 2 if it cannot read a file.

const USAGE = `usage: audit verify <file>...

The files of one chain, the oldest first. It prints the number and the hash of the last entry: compare them with what the
service logged last ("audited"), because a chain does not show that its end was cut off or written anew.
`;

const [command, ...files] = process.argv.slice(process.argv[2] === 'audit' ? 3 : 2);
if (command !== 'verify' || files.length === 0) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  await verify(files);
}

async function verify(files: readonly string[]): Promise<void> {
  try {
    const { entries, otherLines, findings, notes, last } = await verifyAudit(files);
    for (const note of notes) console.log(`note: ${note}`);
    for (const { kind, file, line, message } of findings) console.log(`${file}:${line}: ${kind}: ${message}`);
    const others = otherLines > 0 ? `, ${otherLines} lines of something else` : '';
    const end = last ? `; the last one is seq ${last.seq} with the hash ${last.hash}` : '';
    console.log(`${entries} whole entries${others}${end}`);
    console.log(findings.length === 0 ? 'nothing was changed' : `${findings.length} findings`);
    if (findings.length > 0) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`audit: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
