import { Command } from 'commander';
import { makeReport } from '../../model/report/report.js';
import { ALIAS_NAMES } from '../../model/store/aliases.js';
import { ANNOTATIONS_FILE, parseAnnotations } from '../../model/versions/annotations.js';
import { readVersion, UPLOAD_MARK } from '../../model/versions/version.js';
import { EVALUATION_FILE, evaluationOf } from '../../model/versions/version-evaluation.js';
import { type ModelOptions, versionNumber, withModelOptions } from '../source/model-options.js';
import { readModel, servingOf } from '../source/model-source.js';
import { ServiceClient } from '../source/service-client.js';
import { settings } from '../source/settings.js';
import { openDestination } from '../terminal/destination.js';
import { withExamples } from '../terminal/examples.js';
import { UsageError } from '../terminal/exit-codes.js';

interface ReportOptions extends ModelOptions {
  readonly out?: string;
}

export function reportCommand(): Command {
  const command = withModelOptions(
    new Command('report')
      .description('write a report of a version to hand on: a model card as a web page in one file')
      .argument('[version]', 'its number; as --version', versionNumber)
      .option('-o, --out <file>', 'where it goes (default: standard output)'),
  ).action(report);
  return withExamples(command, [
    ['report --out report.html', 'the version in production'],
    ['report 3 --url https://models.example.com -o report.html', 'a version of a running service'],
    ['report --model model.tar.gz -o report.html', 'a version in an archive'],
  ]);
}

async function report(argument: number | undefined, options: ReportOptions): Promise<void> {
  const { model, out, url, key } = options;
  if (argument !== undefined && (options.version !== undefined || model !== undefined)) {
    throw new UsageError('expected one of a version, --version and --model');
  }
  const version = argument ?? options.version;
  const page = url ? await downloaded(new ServiceClient(url, key), version) : await made({ ...options, version });
  using destination = openDestination(out);
  await destination.write(page);
  await destination.commit();
}

/** The report that a service makes, which knows what the version is there. */
async function downloaded(client: ServiceClient, version: number | undefined): Promise<string> {
  const response = await client.request(`models/${version ?? (await servingOf(client))}/report`);
  return response.text();
}

async function made(
  options: Omit<ModelOptions, 'version'> & { readonly version: number | undefined },
): Promise<string> {
  const { version: requested, ...others } = options;
  const { files, version, store } = await readModel({ ...others, ...(requested && { version: requested }) });
  const { card } = readVersion(files);
  const aliases = await store?.aliases();
  return makeReport({
    name: settings(others).MODEL_NAME,
    version,
    card,
    evaluation: evaluationOf(card, files.get(EVALUATION_FILE)),
    annotations: parseAnnotations(files.get(ANNOTATIONS_FILE)),
    aliases: aliases ? ALIAS_NAMES.filter((alias) => aliases[alias] === version) : null,
    isUpload: store ? files.has(UPLOAD_MARK) : null,
    at: new Date(),
  });
}
