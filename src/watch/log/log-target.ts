/** Where a log goes: a path, `stdout` or `stderr`, opened for appending whole lines beside other writers. */
import * as system from 'node:fs'

/** What logging needs of `node:fs`; replaced by tests. */
export type FileSystem = Pick<typeof system, 'openSync' | 'open' | 'fstatSync' | 'write' | 'close'>

/** An open log. Into a pipe only writes up to PIPE_BUF are atomic. */
export interface Target {
  readonly fd: number
  readonly isPipe: boolean
}

// Not to wait in open() or write() for the reader of a pipe: the pool of threads that would wait has four of them, for
// all that the process does with files and names. Files pay it no heed.
const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = system.constants
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK
const MODE = 0o640

/** Whether the log is not a file of its own, so that it cannot be opened anew or closed. */
export function isStandard(to: string): boolean {
  return to === 'stdout' || to === 'stderr'
}

/** Opens a log at once; throws what the system says. */
export function openTargetNow(fs: FileSystem, to: string): Target {
  return isStandard(to) ? openStandard(fs, to) : described(fs, fs.openSync(to, FLAGS, MODE))
}

/** Opens a log while the thread goes on; rejects with what the system says. */
export function openTarget(fs: FileSystem, to: string): Promise<Target> {
  return new Promise((resolve, reject) => {
    if (isStandard(to)) resolve(openStandard(fs, to))
    else fs.open(to, FLAGS, MODE, (error, fd) => (error ? reject(error) : resolve(described(fs, fd))))
  })
}

/** Closes what was opened here, and not what the process was started with. */
export function closeTarget(fs: FileSystem, target: Target): void {
  if (target.fd > 2) fs.close(target.fd, () => {}) // all lines were written; a failure to close changes nothing
}

/** A pipe is opened a second time, as O_NONBLOCK on the one we have would be set for all that share it. */
function openStandard(fs: FileSystem, to: string): Target {
  const given = described(fs, to === 'stdout' ? 1 : 2)
  if (!given.isPipe) return given
  try {
    return described(fs, fs.openSync(`/dev/${to}`, FLAGS))
  } catch {
    return given // not ours to open, as in a container that runs as another user
  }
}

function described(fs: FileSystem, fd: number): Target {
  return { fd, isPipe: fs.fstatSync(fd).isFIFO() }
}
