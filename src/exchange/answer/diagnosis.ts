/**
 * Why an exchange was refused or failed, in the words of the operator's own configuration: which gate, which limit, what
 * was seen, and where the number is written that would have to change.
 */
import { type Cause, rowOf } from '../../base/cause.ts'
import { type Config, type PoolConfig, UNLIMITED } from '../../config/model.ts'
import { settingName } from '../../config/options.ts'
import type { Voice } from '../../ledger/voice.ts'
import type { Diagnosis } from '../record.ts'

/** The kinds of gate that have a line. */
export type GateKind = 'listener' | 'route' | 'pool'

/** Where an exchange was when it ended; a finished Record fits. `null` where it did not come that far. */
export interface RequestPath {
  readonly listener: string
  readonly route: string | null
  readonly pool: string | null
  readonly server: string | null
}

type Part = GateKind | 'server' | 'site'

/**
 * For each cause: what is named as the gate, then (where a setting rules it) whose setting it is and which. `line`: the
 * gate that the caller names, as listener, route and pool may each have a line.
 */
type Ruling = readonly [gate: Part | 'line'] | readonly [gate: Part | 'line', owner: Part | 'line', setting: string]

const rulings: { readonly [C in Cause]: Ruling } = {
  request_line_bad: ['listener'],
  line_ending_bad: ['listener'],
  target_bad: ['listener'],
  field_bad: ['listener'],
  host_bad: ['listener'],
  content_length_bad: ['listener'],
  framing_conflict: ['listener'],
  transfer_encoding_bad: ['listener'],
  chunk_bad: ['listener'],
  body_too_large: ['listener', 'listener', 'limits.body'],
  target_too_long: ['listener', 'listener', 'limits.line'],
  expectation_unknown: ['listener'],
  head_too_large: ['listener', 'listener', 'limits.head'],
  method_refused: ['route', 'route', 'connect'],
  transfer_encoding_unknown: ['listener'],
  version_unsupported: ['listener'],
  no_route: ['listener', 'site', 'routes'],
  loop: ['server', 'server', 'address'],
  client_header_timeout: ['listener', 'listener', 'timeouts.header'],
  client_body_timeout: ['listener', 'listener', 'timeouts.body'],
  client_stalled: ['listener', 'listener', 'timeouts.send'],
  client_gone: ['listener'],
  listener_full: ['listener', 'listener', 'maxConnections'],
  listener_wait_timeout: ['listener', 'listener', 'whenFull.timeout'],
  route_full: ['route', 'route', 'maxConnections'],
  pool_full: ['pool', 'pool', 'maxConnections'],
  queue_full: ['line', 'line', 'max'],
  queue_timeout: ['line', 'line', 'timeout'],
  coalesce_full: ['route', 'route', 'cache.coalesce.max'],
  coalesce_timeout: ['route', 'route', 'cache.coalesce.timeout'],
  purge_full: ['site'],
  purge_saturated: ['site'],
  not_cached: ['route'],
  streams_full: ['pool', 'pool', 'streams.max'],
  no_server: ['pool', 'pool', 'servers'],
  local_resources: ['site'],
  shutting_down: ['site', 'site', 'drain'],
  dns_failed: ['server', 'server', 'address'],
  connect_refused: ['server', 'server', 'address'],
  connect_failed: ['server', 'server', 'address'],
  connect_timeout: ['server', 'pool', 'timeouts.connect'],
  send_timeout: ['server', 'pool', 'timeouts.betweenBytes'],
  first_byte_timeout: ['server', 'pool', 'timeouts.firstByte'],
  between_bytes_timeout: ['server', 'pool', 'timeouts.betweenBytes'],
  total_timeout: ['pool', 'pool', 'timeouts.total'],
  tunnel_idle: ['server', 'pool', 'timeouts.tunnelIdle'],
  tunnel_fin_timeout: ['server', 'pool', 'timeouts.tunnelFin'],
  response_cut: ['server'],
  response_bad: ['server'],
  response_head_too_large: ['server', 'pool', 'limits.head'],
  response_transfer_coding: ['server'],
  internal: ['site'],
}

/** What is the same for every diagnosis of one cause at one place. */
interface Finding {
  readonly gate: string
  readonly limit: number | null
  readonly setting: string | null
  readonly place: string | null
  readonly advice: string
}

/** Makes the diagnoses under one configuration. What does not depend on the exchange is looked up once and kept. */
export class Diagnoses {
  readonly #config: Config
  readonly #findings = new Map<string, Finding>()

  constructor(config: Config) {
    this.#config = config
  }

  /**
   * The diagnosis for an exchange that ended with `cause`. `limit` and `observed` are null where none is known;
   * the configured limit is then filled in (a count, ms or bytes); give it where it may have been changed while running.
   * `line` says whose line it was, for the causes of lines; `limitBy` whose limit was in force.
   */
  of(
    cause: Cause,
    at: RequestPath,
    limit: number | null,
    observed: number | null,
    detail: string | null,
    line: GateKind = 'pool',
    limitBy: Voice = 'configured',
  ): Diagnosis {
    const known = this.#find(cause, ruleOf(cause, detail), at, line)
    const reached = limit ?? known.limit
    return {
      cause,
      gate: known.gate,
      limit: reached,
      observed,
      limitBy: reached === null ? null : limitBy,
      setting: known.setting,
      // The file does not state the limit while another voice's is in force.
      place: limitBy === 'configured' ? known.place : null,
      advice: known.advice,
      detail,
    }
  }

  #find(cause: Cause, rule: string | undefined, at: RequestPath, line: GateKind): Finding {
    const key = `${cause} ${rule} ${line} ${at.listener} ${at.route} ${at.pool} ${at.server}`
    let finding = this.#findings.get(key)
    if (finding === undefined) {
      finding = this.#look(cause, rule, at, line)
      this.#findings.set(key, finding)
    }
    return finding
  }

  #look(cause: Cause, rule: string | undefined, at: RequestPath, line: GateKind): Finding {
    const [gate, ruler] = rulings[cause]
    const owner = ruler === undefined ? null : this.#owner(ruler === 'line' ? line : ruler, at)
    const name = gateName(gate === 'line' ? line : gate, at)
    const { advice } = rowOf(cause)
    if (owner === null || rule === undefined) return { gate: name, limit: null, setting: null, place: null, advice }
    const setting =
      ruler === 'line' ? `${line === 'listener' ? 'whenFull' : 'queue'}.${rule}` : settingOf(cause, rule, owner.config)
    const path = owner.path === '' ? setting : `${owner.path}.${setting}`
    return {
      gate: name,
      limit: valueAt(owner.config, setting),
      setting: settingName(this.#config, path),
      place: this.#placeOf(path),
      advice,
    }
  }

  /** A part of the configuration and its path there; null where the exchange never came to it. */
  #owner(part: Part, at: RequestPath): { readonly path: string; readonly config: object } | null {
    const { listeners, routes, pools } = this.#config
    if (part === 'site') return { path: '', config: this.#config }
    if (part === 'listener') {
      const listener = listeners.find((l) => l.name === at.listener)
      return listener === undefined ? null : { path: `listeners.${listener.name}`, config: listener }
    }
    if (part === 'route') {
      const index = routes.findIndex((r) => r.name === at.route)
      return index < 0 ? null : { path: `routes[${index}]`, config: routes[index]! }
    }
    const pool = pools.find((p) => p.name === at.pool)
    if (pool === undefined || part === 'pool')
      return pool === undefined ? null : { path: `pools.${pool.name}`, config: pool }
    const index = pool.servers.findIndex((s) => s.name === at.server)
    return index < 0 ? null : { path: `pools.${pool.name}.servers[${index}]`, config: pool.servers[index]! }
  }

  /** `file:line`; null for a default, and for what came from the command line or a call. */
  #placeOf(path: string): string | null {
    const { places } = this.#config
    // Servers may be written in short, as their address alone; and `[*]` stands for all, of which the first is shown.
    const first = path.replace('[*]', '[0]')
    const place =
      places[first] ?? (first.endsWith('].address') ? places[first.slice(0, -'.address'.length)] : undefined)
    return place === undefined || place.line === 0 ? null : `${place.file}:${place.line}`
  }
}

/** The setting that rules a cause. Of the limits of a head it is the one that the parser’s words name. */
function ruleOf(cause: Cause, detail: string | null): string | undefined {
  const rule = rulings[cause][2]
  if (rule !== 'limits.head' || detail === null) return rule
  if (detail.endsWith(' fields')) return 'limits.fields'
  return detail.startsWith('status line') ? 'limits.line' : rule
}

/** A pool without a limit of its own is full when each of its servers is: then theirs is the setting to look at. */
function settingOf(cause: Cause, rule: string, owner: object): string {
  if (cause !== 'pool_full') return rule
  const { maxConnections, servers } = owner as PoolConfig
  return maxConnections !== UNLIMITED ? rule : `servers[${servers.length === 1 ? 0 : '*'}].maxConnections`
}

function gateName(part: Part, at: RequestPath): string {
  if (part === 'site') return 'headgate'
  if (part === 'server' && at.server !== null) return `server ${at.server}`
  if ((part === 'server' || part === 'pool') && at.pool !== null) return `pool ${at.pool}`
  if (part === 'route' && at.route !== null) return `route ${at.route}`
  return `listener ${at.listener}`
}

/** The number at a path below `config`; null where there is none, or it stands for no limit. */
function valueAt(config: object, path: string): number | null {
  let value: unknown = config
  for (const key of path.split('.')) value = (value as { [key: string]: unknown } | null | undefined)?.[key]
  return typeof value === 'number' && value !== UNLIMITED && value > 0 ? value : null
}
