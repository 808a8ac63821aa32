import { Command } from 'commander';
import { packArchive } from '../../model/versions/archive.js';
import { toOnnx } from '../../model/versions/onnx/onnx.js';
import { readVersion } from '../../model/versions/version.js';
import { type ModelOptions, withModelOptions } from '../source/model-options.js';
import { readModel } from '../source/model-source.js';
import { settings } from '../source/settings.js';
import { openDestination } from '../terminal/destination.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { UsageError } from '../terminal/exit-codes.js';
import { printSummary } from '../terminal/print.js';

interface ExportOptions extends ModelOptions {
  readonly onnx?: boolean;
  readonly archive?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export function exportCommand(): Command {
  const command = withModelOptions(
    new Command('export')
      .description('write a version as an ONNX model, or as an archive that predict --model and POST /models read')
      .option('--onnx', 'as ONNX, with encoding and scaling included')
      .option('--archive', 'as a tar.gz of its files')
      .option('-o, --out <file>', 'where it goes (default: standard output)'),
  ).action(exportVersion);
  withJson(command, 'print a summary as JSON: to standard output, or to standard error if the model goes there');
  return withExamples(command, [
    ['export --onnx --out price.onnx', 'the version in production, for ONNX Runtime'],
    ['export --archive --version 3 --out price-3.tar.gz', 'a version, to take elsewhere'],
  ]);
}

async function exportVersion(options: ExportOptions): Promise<void> {
  const { onnx, archive, out, json } = options;
  if (Boolean(onnx) === Boolean(archive)) throw new UsageError('expected either --onnx or --archive');
  const isOutput = out === undefined || out === '-';
  if (isOutput && process.stdout.isTTY) throw new UsageError('--out: expected a file; a terminal cannot show a model');
  const { files, version, label } = await readModel(options);
  using destination = openDestination(out);
  let bytes = 0;
  const write = async (chunk: Uint8Array) => {
    bytes += chunk.length;
    await destination.write(chunk);
  };
  if (onnx) await write(await toOnnx(settings(options).MODEL_NAME, version ?? 0, readVersion(files)));
  else for await (const chunk of await packArchive(files)) await write(chunk as Buffer);
  await destination.commit();
  const summary = {
    model: label,
    model_version: version,
    format: onnx ? 'onnx' : 'archive',
    bytes,
    out: isOutput ? null : out,
  };
  const place = isOutput ? '' : ` in ${out}`;
  printSummary(json, isOutput, summary, () => `${label}: ${bytes} bytes of ${summary.format}${place}`);
}
