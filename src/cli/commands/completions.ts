import { Argument, Command } from 'commander';
import { withExamples } from '../terminal/examples.js';
import { bashScript } from './completions/bash.js';
import { fishScript } from './completions/fish.js';
import { zshScript } from './completions/zsh.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export function completionsCommand(): Command {
  const command = new Command('completions')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)));
  command.action((shell: keyof typeof SCRIPTS) => {
    process.stdout.write(SCRIPTS[shell](command.parent!));
  });
  return withExamples(command, [
    ['completions bash >> ~/.bashrc', 'bash'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a variable of the shell
    ['completions zsh > "${fpath[1]}/_reconstruction-regressor"', 'zsh'],
    ['completions fish > ~/.config/fish/completions/reconstruction-regressor.fish', 'fish'],
  ]);
}
