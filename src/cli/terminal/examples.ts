import type { Command } from 'commander';

/** Adds examples to a command's help: what to type, and what it does. */
export function withExamples(
  command: Command,
  examples: readonly (readonly [line: string, purpose: string])[],
): Command {
  const lines = examples.map(([line, purpose]) => `  # ${purpose}\n  reconstruction-regressor ${line}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n\n')}\n`);
}

/** Adds `--json`. */
export function withJson(command: Command, what = 'print the result as JSON'): Command {
  return command.option('--json', what);
}
