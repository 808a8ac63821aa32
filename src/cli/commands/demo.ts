import { Command } from 'commander';
import { builtFile } from '../../base/node/built-file.js';
import { wholeNumber } from '../source/model-options.js';
import { withExamples } from '../terminal/examples.js';

/** `onStart` is called before the demo takes over signals and output. */
export function demoCommand(onStart: () => void): Command {
  const command = new Command('demo')
    .description('run a service on real cars, break a column, and watch the drift alarm; it leaves nothing behind')
    .option('--port <number>', 'port to listen on; 0 selects a free one', wholeNumber(0, 65_535), 8080)
    .option('--rate <number>', 'rows a second', wholeNumber(1, 10_000), 50)
    .option('--delay <seconds>', 'seconds to the first fault', wholeNumber(0, 3600), 30)
    .action(async ({ port, rate, delay }: Readonly<Record<'port' | 'rate' | 'delay', number>>) => {
      onStart();
      process.argv.splice(2, Number.POSITIVE_INFINITY, `--port=${port}`, `--rate=${rate}`, `--delay=${delay}`);
      await import(builtFile('demo.js').href);
    });
  return withExamples(command, [['demo --port 0 --rate 200 --delay 10', 'a quick one, on a free port']]);
}
