/** The process that listens at an address that is in use, as far as Linux reveals it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { endianness } from 'node:os'
import { basename } from 'node:path'
import { hostsOverlap } from '../../config/overlap.ts'

/** In /proc/net/tcp: listening. In /proc/net/unix: the flag of a socket that accepts. */
const LISTEN = '0A'
const ACCEPTS = '00010000'

/** A start's error, with `holder` where the address it names is in use and the process can be found. */
export function withHolder(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  if (code !== 'EADDRINUSE' || address === undefined) return error
  const holder = port === undefined || port < 0 ? holderOfPath(address) : holderOfPort(address, port)
  return holder === null ? error : Object.assign(error, { holder })
}

/** As `nginx (pid 123)`; null where it cannot be found. `host`: '' for every interface. */
export function holderOfPort(host: string, port: number): string | null {
  const sockets = [...table('tcp', 8), ...table('tcp6', 32)]
  const found = sockets.filter((one) => one.port === port && hostsOverlap(one.host, host))
  if (found.length === 0) return null
  return processWith(new Set(found.map(({ inode }) => inode))) ?? `a process of another user (uid ${found[0]!.uid})`
}

/** The same for a unix socket. */
export function holderOfPath(path: string): string | null {
  const inodes = new Set<string>()
  for (const line of linesOf('/proc/net/unix')) {
    const [, , , flags, , , inode, ...name] = line.split(/\s+/)
    if (flags === ACCEPTS && name.join(' ') === path && inode !== undefined) inodes.add(inode)
  }
  return inodes.size === 0 ? null : processWith(inodes)
}

interface Listening {
  readonly host: string
  readonly port: number
  readonly uid: string
  readonly inode: string
}

/** Sockets that listen; `digits`: of an address. */
function table(name: string, digits: number): Listening[] {
  const found: Listening[] = []
  for (const line of linesOf(`/proc/net/${name}`)) {
    const [, local = '', , state, , , , uid = '', , inode = ''] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    if (state !== LISTEN || address.length !== digits) continue
    found.push({ host: hostOf(address), port: Number.parseInt(port, 16), uid, inode })
  }
  return found
}

/** An address as the kernel prints it: words of 32 bits, each in the order of the machine. */
function hostOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) => {
    const inWord = (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))
    return endianness() === 'LE' ? inWord.reverse() : inWord
  })
  if (bytes.length === 4) return bytes.join('.')
  const groups: string[] = []
  for (let i = 0; i < bytes.length; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16))
  return groups.join(':')
}

/** The oldest process that has one of these sockets open, among those this user may look into. */
function processWith(inodes: ReadonlySet<string>): string | null {
  const pids = entriesOf('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
  for (const pid of pids) {
    for (const fd of entriesOf(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined && inodes.has(inode)) return `${commandOf(pid)} (pid ${pid})`
    }
  }
  return null
}

/** What a process is called: never its arguments, which may hold secrets, but for the script of an interpreter. */
function commandOf(pid: number): string {
  const [program = '', script = ''] = textOf(`/proc/${pid}/cmdline`).split('\0')
  // Some write a title there, such as `nginx: master process`.
  if (program === '' || program.includes(' ')) return printable(textOf(`/proc/${pid}/comm`).trim()) || 'a process'
  const isScript = /^[^-].*\.([cm]?[jt]s|py|rb|pl|php|jar|sh)$/.test(script)
  return printable(isScript ? `${basename(program)} ${basename(script)}` : basename(program))
}

function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)
}

function linesOf(path: string): string[] {
  return textOf(path).split('\n').slice(1)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
