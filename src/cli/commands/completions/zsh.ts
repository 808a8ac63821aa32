import type { Command } from 'commander';
import { commandWords, quoted } from './words.js';

/** Returns a script for zsh. */
export function zshScript(program: Command): string {
  const commands = commandWords(program);
  const item = (name: string, description: string) => quoted(`${name.replaceAll(':', '\\:')}:${description}`);
  const cases = commands.map(({ name, options, words }) => {
    const listed = options.map(({ long, description }) => item(long!, description));
    return `    ${name})
      options=(${[...listed, item('--help', 'print the help')].join('\n        ')})
      values=(${words.map(quoted).join(' ')}) ;;`;
  });
  const choices = commands.flatMap(({ name, options }) =>
    options
      .filter(({ argChoices }) => argChoices)
      .map(
        ({ long, argChoices }) => `    '${name} ${long}') compadd -- ${argChoices!.map(quoted).join(' ')}; return ;;`,
      ),
  );
  return `#compdef ${program.name()}
# Completions of ${program.name()} for zsh.
_reconstruction_regressor() {
  local -a commands options values
  if (( CURRENT == 2 )); then
    commands=(
      ${commands.map(({ name, description }) => item(name, description)).join('\n      ')}
    )
    _describe command commands
    return
  fi
  case "$words[2] $words[CURRENT-1]" in
${choices.join('\n')}
  esac
  case "$words[2]" in
${cases.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -o option options
  else
    (( \${#values} )) && compadd -- $values
    _files
  fi
}
if [ "$funcstack[1]" = _reconstruction-regressor ]; then _reconstruction_regressor "$@"; else compdef _reconstruction_regressor ${program.name()}; fi
`;
}
