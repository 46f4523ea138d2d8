/** Rules about what the process may open: descriptors for connections, and the files it writes. */
import type { Stats } from 'node:fs'
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UNLIMITED } from '../model.ts'
import type { Path } from '../places.ts'
import type { Check, Ground } from './ground.ts'
import { capacityOf } from './ground.ts'

/** Descriptors for everything that is no connection: the runtime, logs, and per thread its loop and listeners. */
const RESERVE = 100
const RESERVE_PER_THREAD = 20
/** Connections that a listener is taken to have where no limit was written: the default is a ceiling, not a plan. */
const USUAL_CLIENTS = 1000
/** Part of the connections to servers that may be idle at one thread while another opens new ones. */
const IDLE_SHARE = 0.1

const fdLimit: Check = (ground) => {
  const { openFiles } = ground.machine
  const need = descriptorsNeeded(ground)
  if (openFiles === undefined || need === null || need.all <= openFiles) return
  const widest = [...ground.config.listeners].sort((a, b) => b.maxConnections - a.maxConnections)[0]!
  const clients = need.isWritten ? `${need.clients} for clients` : `${need.clients} for clients on a busy day`
  ground.say('fd-limit', ['listeners', widest.name, 'maxConnections'], {
    says: `this process may open ${openFiles} files, and needs ${need.all}: ${clients}, ${need.servers} for servers, ${need.own} for itself`,
    fix: `raise the hard limit to ${need.all} or more (LimitNOFILE= in systemd, ulimit -Hn in a shell), or lower maxConnections of the listeners`,
  })
}

interface Descriptors {
  readonly all: number
  readonly clients: number
  readonly servers: number
  readonly own: number
  /** Whether it was written how many clients there are to be. */
  readonly isWritten: boolean
}

/** Descriptors when all limits are reached; null when clients are not bounded, as then nothing is. */
function descriptorsNeeded(ground: Ground): Descriptors | null {
  const { config } = ground
  let clients = 0
  let isWritten = false
  for (const { name, maxConnections, whenFull } of config.listeners) {
    if (maxConnections === UNLIMITED) return null
    const written = ground.isWritten(['listeners', name, 'maxConnections'])
    clients += (written ? maxConnections : Math.min(maxConnections, USUAL_CLIENTS)) + (whenFull?.max ?? 0)
    isWritten ||= written
  }
  let servers = 0
  for (const pool of config.pools) {
    // A stream has a connection of its own; a ceiling that was not written is no plan.
    const streams = ground.isWritten(['pools', pool.name, 'streams', 'max']) ? pool.streams.max : 0
    servers = Math.min(UNLIMITED, servers + capacityOf(pool) + streams)
  }
  // A client has one request at a server at a time, and an idle connection is used before another one is opened.
  servers = Math.ceil(Math.min(servers, clients) * (config.threads > 1 ? 1 + IDLE_SHARE : 1))
  const own = RESERVE + RESERVE_PER_THREAD * config.threads
  return { all: clients + servers + own, clients, servers, own, isWritten }
}

const pathUnwritable: Check = (ground) => {
  if (ground.machine.looksAtPaths !== true) return
  const say = (path: Path, what: string, at: string, problem: Problem | null): void => {
    if (problem !== null)
      ground.say('path-unwritable', path, { says: `${what} cannot be had at ${at}: ${problem.why}`, fix: problem.fix })
  }
  const to = ground.config.accessLog?.to
  if (to !== undefined && to !== 'stdout' && to !== 'stderr') {
    // As it is opened: from the folder that the process runs in.
    const at = resolve(to)
    say(ground.isWritten(['accessLog', 'to']) ? ['accessLog', 'to'] : ['accessLog'], 'the access log', at, whyNoLog(at))
  }
  for (const { name, bind } of ground.config.listeners) {
    for (const address of bind) {
      if ('path' in address) say(['listeners', name, 'bind'], 'a socket', address.path, whyNoSocket(address.path))
    }
  }
  const admin = ground.config.admin?.bind
  if (admin !== undefined && 'path' in admin)
    say(
      ground.isWritten(['admin', 'bind']) ? ['admin', 'bind'] : ['admin'],
      'a socket',
      admin.path,
      whyNoSocket(admin.path),
    )
}

interface Problem {
  readonly why: string
  readonly fix: string
}

const otherwise = 'or run headgate check as the user that runs Headgate'

/** Why this user could not append to a file, or make it; null when it could. */
function whyNoLog(path: string): Problem | null {
  const found = kindOf(path)
  if (found === null) return whyNoEntry(dirname(path))
  if (found.isDirectory()) return { why: 'it is a folder', fix: 'write the path of a file in it' }
  if (mayWrite(path)) return null
  return { why: 'this user may not write to it', fix: `see who may: ls -l ${path}; ${otherwise}` }
}

/** Why this user could not make a socket. One that is there is taken over if nothing listens on it; see net/listen/bind.ts. */
function whyNoSocket(path: string): Problem | null {
  const found = kindOf(path)
  if (found === null || found.isSocket()) return whyNoEntry(dirname(path))
  return { why: 'something that is no socket is there', fix: 'move it away, or write another path' }
}

function whyNoEntry(folder: string): Problem | null {
  const found = kindOf(folder)
  if (found === null) return { why: `there is no folder ${folder}`, fix: `make it: mkdir -p ${folder}` }
  if (!found.isDirectory()) return { why: `${folder} is not a folder`, fix: 'correct the path' }
  if (mayWrite(folder)) return null
  return { why: `this user may not make files in ${folder}`, fix: `see who may: ls -ld ${folder}; ${otherwise}` }
}

/** null: there is nothing, as far as this user can see. */
function kindOf(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    return null
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

export const fileRules: readonly Check[] = [fdLimit, pathUnwritable]
