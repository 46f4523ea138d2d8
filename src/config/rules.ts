/**
 * Everything that can be said about a configuration, by the stable id under which it is said. An error keeps the
 * configuration from being used; a warning is a contradiction that will be felt; an info is worth knowing.
 * Ids are never reused; the reference lists these rows.
 */

export type Severity = 'error' | 'warning' | 'info'

/** What is known of a rule. */
export interface RuleRow {
  readonly severity: Severity
  /** One sentence for the reference. */
  readonly about: string
}

const error = (about: string): RuleRow => ({ severity: 'error', about })
const warning = (about: string): RuleRow => ({ severity: 'warning', about })
const info = (about: string): RuleRow => ({ severity: 'info', about })

export const rules = {
  // Reading the file.
  'no-config': error('No configuration file was named or found.'),
  'file-missing': error('A file that the configuration names cannot be read.'),
  syntax: error('The file is not valid YAML, JSON, JavaScript or TypeScript.'),
  'duplicate-key': error('A key is written twice in one object; one of the two would be lost silently.'),
  'env-unset': error('The text refers to an environment variable that is not set, without a default.'),
  'typescript-unsupported': error(
    'The file uses a form of TypeScript that has to be compiled, such as enum or namespace.',
  ),
  'import-failed': error('A module that the configuration imports cannot be found or loaded.'),
  threw: error('The code of the configuration threw an error.'),
  'no-default-export': error('The module has no default export, or it is not an object.'),
  'not-plain': error(
    'A setting is no plain data: a function, a class instance, a cycle. It could not reach the threads.',
  ),
  unfinished: error('The code of the configuration did not come to its end: it takes too long, or ends its process.'),

  // The form of what is written.
  'unknown-key': error('There is no such setting at this place.'),
  'wrong-type': error('The value is of another type than the setting.'),
  'switch-word': error(
    'A word such as `off`, `none` or `yes` where the setting is switched in another way; it might be taken as a name.',
  ),
  'bad-value': error('The value is not one of those the setting knows.'),
  'bad-duration': error('The value is not a duration with a unit.'),
  'bad-size': error('The value is not a size with a unit.'),
  'bad-address': error('The value is not an address, a network, a host or a path of the kind that is needed here.'),
  'bad-name': error('The name has characters that a name cannot have.'),
  'out-of-range': error('The value is too small or too large.'),
  missing: error('A setting that has no default is missing.'),
  'tls-unsupported': error('TLS is asked for where this version does not offer it.'),
  'unknown-field': error('A template names a field that does not exist.'),
  'unknown-rule': error('`ignore` names a rule that does not exist.'),

  // What refers to what.
  'unknown-pool': error('A route leads to a pool that is not configured.'),
  'unknown-listener': error('A route names a listener that is not configured.'),
  'no-servers': error('A pool has no server.'),
  'no-pools': error('No pool is configured.'),
  'no-listeners': error('No listener is configured.'),
  'duplicate-server': error('A pool has the same server twice.'),
  'duplicate-bind': error('An address is bound twice, or lies within another that is bound.'),
  'admin-bind-taken': error('The admin API is bound to the address of a listener; one of the two could not listen.'),
  'duplicate-route': error('Two routes match exactly the same requests; the second can never be used.'),
  'duplicate-name': error('Two routes have the same name.'),

  'admin-without-token': error('The admin API can be reached from other machines and asks for no token.'),

  // Limits that contradict each other.
  'listener-exceeds-pools': warning(
    'Clients are to wait at a full listener, but what is behind it is full, and refuses them, long before it is.',
  ),
  'fd-limit': warning(
    'The file-descriptor limit of the process is below what the limits that are written need, or a busy day without any.',
  ),
  'queue-without-limit': warning('A queue is configured where no limit makes anybody wait.'),
  'no-queue': info('Limits are configured without a queue: a short burst is refused at once.'),
  'pool-limit-above-servers': warning('The limit of a pool is above the sum of its servers; it can never be reached.'),
  'route-limit-above-pool': warning('The limit of a route is above what its pool can hold; it can never be reached.'),
  'streams-above-listeners': warning(
    'A budget for streams is above what the listeners let in; it can never be reached.',
  ),
  'retries-exceed-servers': warning('More retries than other servers: each server is tried once only.'),
  'all-weights-zero': warning('All servers of a pool have weight 0, so none gets a request of its own.'),

  // Times that contradict each other.
  'queue-timeout-beyond-patience': warning(
    'Somebody may wait in a queue for longer than people and timeouts.total have patience.',
  ),
  'first-byte-below-queue': warning('A server is given less time to answer than a request may wait for it.'),
  'first-byte-below-health': warning(
    'A request is given less time than a health check: slow servers look healthy and fail everybody.',
  ),
  'health-timeout-beyond-interval': warning('A health check may last longer than the time to the next one.'),
  'total-below-first-byte': warning('timeouts.total ends an exchange before timeouts.firstByte can.'),
  'connect-timeout-long': warning('A dead server is found out late; a slot is held meanwhile.'),
  'header-timeout-off': warning('Clients may take for ever to send a head, and hold a connection meanwhile.'),

  // What is stored, for whom and for how long.
  'unused-cache': warning('The store of the cache is configured, and no route caches.'),
  'object-beyond-cache': warning('One stored answer may take more than a quarter of the whole store.'),
  'grace-beyond-pressure': warning('`graceUnderPressure` is not above `grace`: there is nothing that could grow.'),
  'grace-beyond-default': info(
    '`grace` reaches the default of `graceUnderPressure`: while servers are full or down it goes no further.',
  ),
  'ttl-beyond-max': warning('`ttl` or `defaultTtl` is above `maxTtl`; it can never be reached.'),
  'key-too-narrow': warning('Requests that get different answers from the servers share one from the cache.'),
  'purge-everyone': warning('Everybody may purge: any client can empty the cache onto the servers.'),

  // Where requests go.
  'unreachable-route': warning('An earlier route takes every request this one could match.'),
  'unused-pool': warning('No route leads to a pool.'),
  'listener-without-route': warning('No route applies to a listener: all its requests get 404.'),

  // Where it stands.
  'path-unwritable': warning(
    'The access log, or the socket of a listener, cannot be made at its path: no such folder, or not for this user.',
  ),
  'points-at-itself': error(
    'A server of a pool is an address that Headgate itself listens on: requests would go round in a circle, or reach an admin API that asks for no token.',
  ),
  'trusted-everyone': warning('Everybody is trusted as a proxy: any client can claim any address.'),
  'privileged-port': info('A port below the privileged ones is bound, which this user may not.'),
} as const satisfies Record<string, RuleRow>

/** The id of a rule. */
export type Rule = keyof typeof rules

/** All ids, in the order of the table. */
export const ruleNames: readonly Rule[] = Object.keys(rules) as Rule[]
