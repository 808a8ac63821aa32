import type { Command } from 'commander';
import { commandWords, quoted } from './words.js';

/** Returns a script for fish. */
export function fishScript(program: Command): string {
  const complete = `complete -c ${program.name()}`;
  const fishQuoted = (text: string) => quoted(text).replaceAll("'\\''", "\\'");
  const lines = commandWords(program).flatMap(({ name, description, options, words }) => {
    const seen = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `${complete} -f -n __fish_use_subcommand -a ${name} -d ${fishQuoted(description)}`,
      ...words.map((word) => `${complete} ${seen} -a ${word}`),
      ...options.map(({ long, short, required, argChoices, description: text }) => {
        const shorter = short ? ` -s ${short.slice(1)}` : '';
        const values = argChoices ? ` -x -a ${fishQuoted(argChoices.join(' '))}` : required ? ' -r' : '';
        return `${complete} ${seen} -l ${long!.slice(2)}${shorter}${values} -d ${fishQuoted(text)}`;
      }),
    ];
  });
  return `# Completions of ${program.name()} for fish.\n${lines.join('\n')}\n`;
}
