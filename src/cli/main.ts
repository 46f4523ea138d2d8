/** The command line: which command was meant, with what, and which exit status it ends with. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { version } from '../base/version.ts'
import { logRequests } from '../config/flags.ts'
import { addCtl } from './ctl/commands.ts'

/**
 * Exit status: 0 all is well, 1 findings or a failure while running, 2 the command or the configuration is wrong,
 * 69 this Node is too old (bin/headgate.js), 128 + n ended at once by signal n.
 */
const USAGE = 2

const exitCodes = `
Exit status:
  0      all is well; also after a stop by signal in good order
  1      findings, or a failure while running
  2      the command line or the configuration is wrong
  69     this Node.js is too old
  128+n  ended at once by signal n

Documentation: docs/ in the package, and README.md`

/** Runs the command that `args` (without node and script) name. Resolves to the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  // Before anything asks whether to use colour; every command inherits it.
  if (args.includes('--no-color')) {
    process.env.NO_COLOR = '1'
    delete process.env.FORCE_COLOR
  }
  let status = 0
  const program = commands((code) => {
    status = code
  })
  if (args.every((arg) => arg === '--no-color')) {
    program.outputHelp()
    return 0
  }
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : USAGE
  }
  return status
}

/** All commands. `end` is told the exit status of the one that ran. */
function commands(end: (status: number) => void): Command {
  const program = new Command('headgate')
    .description(
      'Sends your servers only what they can handle, queues a little more, and says why it refuses the rest.',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--no-color', 'no colours; NO_COLOR and FORCE_COLOR are heeded as well')
    .configureHelp({ styleTitle: (title) => `\x1b[1m${title}\x1b[22m` })
    .exitOverride()
    .showHelpAfterError('Try: headgate --help')
    .addHelpText(
      'after',
      examples(
        ['headgate demo', 'see in half a minute what it does'],
        ['headgate run --to http://127.0.0.1:3000 --listen :8080', 'stand before one server'],
        ['headgate init', 'write a configuration to start from'],
      ) + exitCodes,
    )
  addRun(program, end)
  addCheck(program, end)
  addCtl(program, end, examples)
  addInit(program, end)
  addDemo(program, end)
  return program
}

function addRun(program: Command, end: (status: number) => void): void {
  const oneLiner = 'Without a file:'
  program
    .command('run')
    .summary('run the proxy')
    .description(
      'Runs the proxy, from a configuration file or from the options alone. Without either it looks for headgate.config.ts (or .mts, .js, .mjs), headgate.yaml (or .yml) and headgate.json, here and then in /etc/headgate.',
    )
    .argument('[file]', 'configuration: TypeScript, JavaScript, YAML or JSON')
    .option('--threads <n>', 'worker threads (default: one for each core)', wholeNumber)
    .option('--access-log <to>', 'write the access log to a file, to stdout or to stderr')
    .addOption(
      new Option(
        '--log-requests <which>',
        'which requests the access log has (default: those of the file; without one failures, or all with --access-log)',
      ).choices(logRequests),
    )
    .optionsGroup(oneLiner)
    .option('--to <address>', 'a server to pass requests to; give it again for more servers', collect)
    .option('--listen <address>', 'where to listen: :8080, 127.0.0.1:8080, [::1]:8080, unix:/path (default: :8080)')
    .option('--max-connections <n>', 'requests at once at each server (default: unlimited)', wholeNumber)
    .option(
      '--queue <n>',
      'requests that may wait in line when all servers are full (default: 200 with --max-connections)',
      wholeNumber,
    )
    .option('--queue-timeout <time>', 'how long they may wait, such as 500ms (default: 2s)')
    .addHelpText(
      'after',
      examples(
        ['headgate run', 'with the configuration in this folder'],
        ['headgate run shop.yaml --access-log stdout', ''],
        ['headgate run --to http://127.0.0.1:3000 --listen :8080 --max-connections 50', ''],
        ['headgate run --to 10.0.0.1:80 --to 10.0.0.2:80 --max-connections 500 --queue 200 --queue-timeout 2s', ''],
      ) +
        `
Signals:
  SIGTERM, SIGINT  stop: no new connections, what is under way may finish within the drain time; once
                   more, after a second: at once; before ready: at once
  SIGUSR2          open the log files anew, for log rotation`,
    )
    .action(async (file: string | undefined, options) => {
      const { run } = await import('./run.ts')
      end(await run(file, options))
    })
}

function addCheck(program: Command, end: (status: number) => void): void {
  program
    .command('check')
    .summary('look over a configuration')
    .description('Checks a configuration without starting anything, and warns of limits that contradict each other.')
    .argument('[file]', 'configuration: TypeScript, JavaScript, YAML or JSON')
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      examples(['headgate check', 'the configuration in this folder'], ['headgate check shop.yaml --json', '']) +
        `
Exit status:
  0  nothing found
  1  warnings
  2  errors: it would not start`,
    )
    .action(async (file: string | undefined, options: { json?: boolean }) => {
      const { check } = await import('./check.ts')
      end(await check(file, { json: options.json === true }, process.stdout))
    })
}

function addInit(program: Command, end: (status: number) => void): void {
  program
    .command('init')
    .summary('write a commented configuration')
    .description('Writes a commented configuration to start from. A file that is there already is left alone.')
    .argument('[file]', 'where to write it; the ending decides the language', 'headgate.config.ts')
    .option('--force', 'write over a file that is there')
    .addHelpText('after', examples(['headgate init', ''], ['headgate init headgate.config.yaml', '']))
    .action(async (file: string, options: { force?: boolean }) => {
      const { init } = await import('./init.ts')
      end(await init(file, { force: options.force === true }, process.stdout))
    })
}

function addDemo(program: Command, end: (status: number) => void): void {
  program
    .command('demo')
    .summary('see what a gate does')
    .description(
      'Starts small shops that slow down when they are crowded, puts Headgate before two of them, and sends the same growing crowd to both. Everything stays on this machine.',
    )
    .addOption(new Option('--seconds <n>', 'length of the demo').default(36).argParser(wholeNumber))
    .addOption(new Option('--port <n>', 'port of the gate; 0: any free one').default(0).argParser(wholeNumber))
    .addHelpText('after', examples(['headgate demo', ''], ['headgate demo --seconds 90 --port 8080', '']))
    .action(async (options: { seconds: number; port: number }) => {
      const { demo } = await import('./demo.ts')
      end(await demo(options))
    })
}

function examples(...lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.filter(([, why]) => why !== '').map(([command]) => command.length), 0)
  return `
Examples:
${lines.map(([command, why]) => `  ${why === '' ? command : `${command.padEnd(width)}  ${why}`}`).join('\n')}
`
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number.')
  return Number(text)
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}
