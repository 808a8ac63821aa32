import { Command } from 'commander';
import { packageVersion } from '../base/node/package-version.js';
import { activateCommand } from './commands/activate.js';
import { auditCommand } from './commands/audit.js';
import { benchCommand } from './commands/bench.js';
import { completionsCommand } from './commands/completions.js';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { driftCommand } from './commands/drift.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { keysCommand } from './commands/keys.js';
import { predictCommand } from './commands/predict.js';
import { profileCommand } from './commands/profile.js';
import { reportCommand } from './commands/report.js';
import { rollbackCommand } from './commands/rollback.js';
import { selfCheckCommand } from './commands/self-check.js';
import { serveCommand } from './commands/serve.js';
import { trainCommand } from './commands/train.js';
import { typesCommand } from './commands/types.js';
import { versionsCommand } from './commands/versions.js';

/** Ends every help text. */
const CONVENTIONS = `
Exit codes:
  0    success
  1    failure
  2    the command line is wrong
  3    drift was found (drift)
  130  interrupted by Ctrl-C

Data goes to standard output, all else to standard error. A file named - is standard input or output. A file appears under its
name only when it is whole. Settings are those of the service, from the environment (MODEL_STORE, MODEL_NAME, API_KEY, ...) or
a file .env in the current directory.
`;

/** Declares all commands. `release` leaves signals and output to the service. */
export function buildProgram(release: () => void): Command {
  const program = new Command('reconstruction-regressor')
    .description('Train and serve a regression model that reconstructs its own inputs, and watch them for drift')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .enablePositionalOptions()
    .showHelpAfterError('(--help shows what is expected)')
    .exitOverride()
    .addHelpText('after', CONVENTIONS);
  const handOver = () => {
    release();
    program.setOptionValue('running', true);
  };
  const commands = [
    ...[serveCommand(handOver), trainCommand(), profileCommand(), predictCommand(), evaluateCommand(), driftCommand()],
    ...[
      versionsCommand(),
      activateCommand(),
      rollbackCommand(),
      exportCommand(),
      reportCommand(),
      typesCommand(),
      selfCheckCommand(),
    ],
    ...[keysCommand(), auditCommand(), doctorCommand(), benchCommand(), demoCommand(handOver), completionsCommand()],
  ];
  for (const command of commands) program.addCommand(conventional(command));
  return program;
}

/** Gives a command what all have. */
function conventional(command: Command): Command {
  command
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError('(--help shows what is expected)');
  if (command.commands.length > 0) command.helpCommand('help [command]', 'print the help of a command');
  for (const each of command.commands) conventional(each);
  return command;
}
