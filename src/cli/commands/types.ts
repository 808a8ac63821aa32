import { Command } from 'commander';
import { readVersion } from '../../model/versions/version.js';
import { type ModelOptions, withModelOptions } from '../source/model-options.js';
import { readModel } from '../source/model-source.js';
import { writeWhole } from '../terminal/destination.js';
import { withExamples } from '../terminal/examples.js';
import { modelModule } from './types/model-module.js';

export function typesCommand(): Command {
  const command = withModelOptions(
    new Command('types')
      .description("write a TypeScript module that types the client with a model's columns")
      .option('--out <file>', 'file to write (default: standard output)', '-'),
  ).action(async (options: ModelOptions & { out: string }) => {
    const { label, files } = await readModel(options);
    await writeWhole(options.out, modelModule({ label, ...readVersion(files).card }));
  });
  return withExamples(command, [
    ['types --out model.ts', 'of the version in production in ./models'],
    ['types --url http://127.0.0.1:8080 --out model.ts', 'of the one that a running service serves'],
  ]);
}
