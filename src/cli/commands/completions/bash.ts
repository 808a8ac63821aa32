import type { Command } from 'commander';
import { commandWords } from './words.js';

/** Returns a script for bash. */
export function bashScript(program: Command): string {
  const commands = commandWords(program);
  const words = commands.map(({ name, options, words }) => {
    const all = [...words, ...options.map(({ long }) => long!), '--help'];
    return `    ${name}) words="${all.join(' ')}" ;;`;
  });
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ argChoices }) => argChoices)
      .map(({ long, argChoices }) => `    '${name} ${long}') values="${argChoices!.join(' ')}" ;;`),
  );
  return `# Completions of ${program.name()} for bash.
_reconstruction_regressor() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words='' values=''
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} help --help --version" -- "$current"))
    return
  fi
  case "$command" in
${words.join('\n')}
  esac
  case "$command $previous" in
${values.join('\n')}
  esac
  if [ -n "$values" ]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
  elif [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -W "\${words//--*/}" -- "$current") $(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _reconstruction_regressor ${program.name()}
`;
}
