import type { Command, Option } from 'commander';

/** What can be typed after a command. */
export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Option[];
  /** Commands of the command, and the values that its argument may have. */
  readonly words: readonly string[];
}

/** Returns all commands. A command that has commands has their options too. */
export function commandWords(program: Command): CommandWords[] {
  return program.commands.map((command) => {
    const inner = command.commands.flatMap(({ options }) => options);
    const options = new Map([...command.options, ...inner].map((option) => [option.long, option]));
    const values = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
    return {
      name: command.name(),
      description: command.description(),
      options: Array.from(options.values()),
      words: [...command.commands.map((each) => each.name()), ...values],
    };
  });
}

/** Quotes a text for a shell: single quotes keep all but themselves. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
