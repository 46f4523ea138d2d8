/**
 * The processes and files of a run. Whatever happens, all of them are gone when the run is over: each process is ended
 * by its id, with everything it started.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { treeOf } from './proc.ts'

/** A program to start. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Processors it is held to, as `taskset -c` takes them; null: any. */
  readonly cores?: string | null
  /** File its standard output is appended to. Left out: the file for what it says. */
  readonly output?: string
  readonly env?: Readonly<Record<string, string>>
  /** `pipe`: the output is read by us. `ipc`: a program of ours, with a channel for messages. */
  readonly talk?: 'pipe' | 'ipc'
}

/** How long a process may take to end in good order, in ms. */
const PATIENCE = 3000

export class Yard {
  readonly #folder = mkdtempSync(join(tmpdir(), 'headgate-bench-'))
  readonly #children = new Set<ChildProcess>()
  /** Where each one's complaints go. */
  readonly #said = new WeakMap<ChildProcess, string>()
  #folders = 0
  /** In memory; made when somebody needs it. */
  #memory: string | null = null

  /** A new empty folder. */
  folder(): string {
    const folder = join(this.#folder, String(this.#folders++))
    mkdirSync(folder)
    return folder
  }

  /** A new empty folder whose files lie in memory, where the system has such; on the disk otherwise. */
  memoryFolder(): string {
    this.#memory ??= memoryFolder()
    if (this.#memory === null) return this.folder()
    return mkdtempSync(join(this.#memory, 'folder-'))
  }

  /** Removes a folder with all that is in it: for what takes more room than can be kept to the end. */
  remove(folder: string): void {
    rmSync(folder, { recursive: true, force: true })
  }

  /** Starts a program. It is not in our process group: Ctrl-C reaches us only, and we end it. */
  start({ file, args, cores = null, output, env, talk }: Command): ChildProcess {
    const said = join(this.folder(), 'said')
    const saidTo = openSync(said, 'a')
    const stdout = talk === 'pipe' ? 'pipe' : output === undefined ? saidTo : openSync(output, 'a')
    const [program, programArgs] = cores === null ? [file, args] : ['taskset', ['-c', cores, file, ...args]]
    const child = spawn(program, programArgs, {
      detached: true,
      stdio: talk === 'ipc' ? ['ignore', stdout, saidTo, 'ipc'] : ['ignore', stdout, saidTo],
      env: { ...process.env, ...env },
    })
    for (const file of new Set([saidTo, stdout])) if (typeof file === 'number') closeSync(file)
    this.#children.add(child)
    this.#said.set(child, said)
    child.on('error', () => this.#children.delete(child))
    child.on('exit', () => this.#children.delete(child))
    return child
  }

  /** What a process has said so far, for the case that it fails: its last lines. */
  said(child: ChildProcess): string {
    const file = this.#said.get(child)
    const text = file === undefined ? '' : readFileSync(file, 'utf8').trim()
    return text.split('\n').slice(-4).join('\n')
  }

  /** Ends a process: kindly, then not. */
  async stop(child: ChildProcess): Promise<void> {
    if (!this.#children.has(child)) return
    const gone = Promise.withResolvers<void>()
    child.once('exit', () => gone.resolve())
    const late = setTimeout(() => killTree(child), PATIENCE)
    child.kill('SIGTERM')
    await gone.promise
    clearTimeout(late)
  }

  /** Ends everything at once. For the end of a run, however it comes. */
  clear(): void {
    for (const child of this.#children) killTree(child)
    this.#children.clear()
    this.remove(this.#folder)
    if (this.#memory !== null) this.remove(this.#memory)
  }
}

function memoryFolder(): string | null {
  try {
    return mkdtempSync('/dev/shm/headgate-bench-')
  } catch {
    return null
  }
}

function killTree({ pid }: ChildProcess): void {
  if (pid === undefined) return
  // All are found before the first is killed: those of a killed parent belong to init.
  for (const one of treeOf(pid)) {
    try {
      process.kill(one, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}
