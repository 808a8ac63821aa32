import { Command } from 'commander';
import { type ModelOptions, wholeNumber } from '../source/model-options.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { EXIT } from '../terminal/exit-codes.js';
import { print } from '../terminal/print.js';
import { textTable } from '../terminal/text-table.js';
import { CHECKS, type Finding } from './doctor/checks.js';

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description(
      'check what the service needs here: Node.js, settings, engine, port, store, disk, memory, clock; exits with 1 if something is wrong',
    )
    .option('--store <dir>', 'directory of the model versions (default: MODEL_STORE, or "models")')
    .option('--name <name>', 'name of the model in the store (default: MODEL_NAME, or "reconstruction_regressor")')
    .option('--port <number>', 'port that the service is to listen on (default: PORT, or 8080)', wholeNumber(0, 65_535))
    .action(doctor);
  withJson(command);
  return withExamples(command, [['doctor', 'with the settings of the environment']]);
}

async function doctor(options: ModelOptions & { readonly port?: number; readonly json?: boolean }): Promise<void> {
  const findings: (Finding & { readonly check: string })[] = [];
  for (const [check, run] of Object.entries(CHECKS)) findings.push({ check, ...(await found(() => run(options))) });
  if (findings.some(({ state }) => state === 'wrong')) process.exitCode = EXIT.failure;
  print(options.json, findings, () => {
    const rows = findings.map(({ check, state, message, advice }) => [
      check,
      state,
      advice ? `${message}: ${advice}` : message,
    ]);
    return textTable(['check', 'state', 'found'], rows);
  });
}

async function found(check: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    return { state: 'wrong', message: (error as Error).message };
  }
}
