/** The commands of `headgate ctl` as the command line knows them. What they do is in ctl.ts, loaded when one is called. */
import { Argument, type Command } from 'commander'

type Ctl = typeof import('../ctl.ts')

/** `end` is told the exit status of the command that ran; `help` makes the examples under the help. */
export function addCtl(
  program: Command,
  end: (status: number) => void,
  help: (...lines: readonly (readonly [command: string, why: string])[]) => string,
): void {
  const ctl = program
    .command('ctl')
    .summary('look at a running Headgate and give it orders')
    .description(
      'Speaks to the admin API of a running Headgate: at --admin, else at HEADGATE_ADMIN, else at 127.0.0.1:9191. HEADGATE_ADMIN_TOKEN holds the token where one is configured.',
    )
    .addHelpText(
      'after',
      help(
        ['headgate ctl status', 'what is in use, and who waits'],
        ['headgate ctl incident 2FQ7KX0M4T8ZRC', 'why that request was refused'],
        ['headgate ctl set-limit pools.shop.maxConnections 800', ''],
        ['headgate ctl purge --tag product-17 --soft', ''],
        [`headgate ctl ban 'req.url ~ "^/shop/" && obj.age > 1h'`, ''],
      ) +
        `
Exit status:
  0  done
  1  refused, or there is no answer
  2  the command is wrong`,
    )
  // Every command has them, and ctl too, so that they can be written before the command.
  const common = (command: Command): Command =>
    command
      .option('--admin <address>', 'where the admin API is: 127.0.0.1:9191, unix:/path')
      .option('--json', 'print the answer as JSON')
  common(ctl)
  const sub = (name: string, about: string): Command => common(ctl.command(name).description(about))
  const does = async (act: (ctl: Ctl) => Promise<number>): Promise<void> => end(await act(await import('../ctl.ts')))
  /** What stands after the command goes before what stands before it. */
  const all = <O extends object>(options: O): O => ({ ...ctl.opts(), ...options })
  const force = ['--force', 'do it although the servers are at their limits'] as const

  sub('status', 'Shows what is in use, who waits, and what has ended badly.').action((options) =>
    does((ctl) => ctl.status(all(options))),
  )
  sub('incident', 'Shows what happened to a refused or failed request.')
    .argument('<id>', 'the incident id on its error page')
    .action((id: string, options) => does((ctl) => ctl.incident(id, all(options))))
  sub('limits', 'Shows every limit that can be changed while running.').action((options) =>
    does((ctl) => ctl.limits(all(options))),
  )
  sub('set-limit', 'Changes a limit at once; what is under way goes on.')
    .argument('<path>', 'path of the setting, such as pools.shop.queue.max')
    .argument('<value>', "a whole number, or 'unlimited'")
    .action((path: string, value: string, options) => does((ctl) => ctl.setLimit(path, value, all(options))))
  sub('state', 'Tells a server to take requests, no new clients, or none at all.')
    .argument('<pool>', 'name of the pool')
    .argument('<server>', 'address of the server, as ctl status shows it')
    .addArgument(new Argument('<state>', 'what it should do').choices(['ready', 'drain', 'maint']))
    .action((pool: string, server: string, state: string, options) =>
      does((ctl) => ctl.state(pool, server, state, all(options))),
    )
  sub('cache', 'Shows how full the cache is, and what it does.').action((options) =>
    does((ctl) => ctl.cache(all(options))),
  )
  sub('show', 'Shows what is stored for a URL, and why the last answer was stored or not.')
    .argument('<url>', 'a whole URL: http://shop.example/cart')
    .action((url: string, options) => does((ctl) => ctl.show(url, all(options))))
  sub('purge', 'Removes from the cache.')
    .option('--url <url>', 'a whole URL, with all of its variants')
    .option('--prefix <url>', 'all that begins so; a path alone is meant on every host')
    .option('--tag <tag>', 'all with this surrogate key; give it again for more', collect)
    .option('--soft', 'make stale instead, so that grace can still give it')
    .option(...force)
    .action((options) => does((ctl) => ctl.purge(all(options))))
  sub('ban', 'Removes everything stored so far that an expression describes.')
    .argument('<expression>', `such as 'req.url ~ "^/shop/" && obj.age > 1h'`)
    .option(...force)
    .action((expression: string, options) => does((ctl) => ctl.ban(expression, all(options))))
  sub('bans', 'Shows the orders to remove, purges and bans, that are still being carried out.').action((options) =>
    does((ctl) => ctl.bans(all(options))),
  )
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}
