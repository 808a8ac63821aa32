import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.js';

/** Characters of a line of a help text. */
const WIDTH = 110;

/** Returns the help texts of all commands as Markdown. */
export function commandLine(): string {
  const program = buildProgram(() => {});
  const [overview, ...commands] = [program, ...program.commands.flatMap(withSubcommands)].map((command) => {
    const text = `\`\`\`text\n${helpOf(command)}\n\`\`\`\n`;
    return command === program ? text : `## \`${nameOf(command)}\`\n\n${text}`;
  });
  return [overview, ...commands].join('\n');
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** `audit verify`, without the name of the program. */
function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name();
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}
