/**
 * Whole lines into a file that several threads append to, without ever making a request wait.
 *
 * Lines are gathered for a tenth of a second or 64 KB and written by one write at a time. What cannot be written waits
 * up to a bound; beyond it lines are dropped and counted. Trouble is told once when it begins and once when it is over.
 *
 * A line is never torn: a write ends at the end of a line, the rest of a partial write goes to the file that has its
 * beginning, and into a pipe, where only writes up to PIPE_BUF are atomic, no more than that is written at once.
 */
import * as system from 'node:fs'
import { closeTarget, type FileSystem, isStandard, openTarget, openTargetNow, type Target } from './log-target.ts'

/** Told when lines begin to be lost or fail to be written, and when that is over. */
export interface LogTrouble {
  readonly state: 'dropping' | 'failing' | 'recovered'
  /** Lines lost since the trouble began; said with `recovered`. */
  readonly lines: number
  /** What the system said, for `failing`. */
  readonly error: string | null
}

const BATCH = 65_536
const GATHER = 100
/** Largest write into a pipe that is not mixed with those of others: 4096 on Linux, 512 by POSIX. */
const PIPE_BUF = process.platform === 'linux' ? 4096 : 512
/** How soon to try again, in ms: into a pipe that is full, and after an error. */
const RETRY_FULL = 20
const RETRY_ERROR = 1000
const LF = 0x0a

export class LogFile {
  readonly #to: string
  readonly #bound: number
  readonly #batch: number
  readonly #tell: (trouble: LogTrouble) => void
  readonly #fs: FileSystem

  #target: Target | null = null
  /** Opened by `reopen`; takes over where a line ends. */
  #next: Target | null = null
  #onSwap: (() => void)[] = []

  #gathered = ''
  #timer: NodeJS.Timeout | null = null
  /** Bytes of the batch that is being written which are not out yet. */
  #under = 0
  #writing: Promise<void> | null = null
  /** The next batch is to follow at once, full or not. */
  #hurry = false
  #state: 'open' | 'closing' | 'closed' = 'open'
  /** Ends the pause under way. */
  #endPause: (() => void) | null = null
  /** The next pause is not to be made. */
  #impatient = false

  #dropped = 0
  #lost = 0
  #dropping = false
  #failing = false

  /**
   * `to` is a path, `stdout` or `stderr`; `bound` the bytes that may wait. `tell` is called rarely and must not throw.
   * Opens the file at once; when that fails it is told as trouble, and tried again.
   */
  constructor(to: string, bound: number, tell: (trouble: LogTrouble) => void, fs: FileSystem = system) {
    this.#to = to
    this.#bound = bound
    this.#batch = Math.min(BATCH, bound >> 1)
    this.#tell = tell
    this.#fs = fs
    try {
      this.#target = openTargetNow(fs, to)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Lines lost since the start. */
  get dropped(): number {
    return this.#dropped
  }

  /** Takes one line with its line break, one byte per character. Never waits and never throws. */
  add(line: string): void {
    if (this.#state !== 'open' || this.#waiting() + line.length > this.#bound) {
      this.#drop()
      return
    }
    this.#timer ??= setTimeout(() => this.#gatheredLongEnough(), GATHER).unref()
    this.#gathered += line
    if (this.#gathered.length >= this.#batch) this.#start()
  }

  /** Done when all lines taken so far are out, or after `within` ms. */
  async flush(within = 2000): Promise<void> {
    this.#start()
    if (this.#writing === null) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, within)
    await Promise.race([this.#writing, late])
    clearTimeout(timer)
  }

  /**
   * Opens the path anew, after the file was renamed. Done when the old file has its last line. When the path cannot be
   * opened the old file stays in use, and that is told.
   */
  async reopen(): Promise<void> {
    if (isStandard(this.#to) || this.#target === null || this.#state !== 'open') {
      this.#tryNow()
      return
    }
    let next: Target
    try {
      next = await openTarget(this.#fs, this.#to)
    } catch (error) {
      this.#tell({ state: 'failing', lines: 0, error: `still writing to the old file: ${messageOf(error)}` })
      return
    }
    if (this.#next !== null) closeTarget(this.#fs, this.#next)
    this.#next = next
    if (this.#writing === null) {
      this.#swap(next)
      return
    }
    const { promise: swapped, resolve } = Promise.withResolvers<void>()
    this.#onSwap.push(resolve)
    this.#tryNow()
    await swapped
  }

  /** Writes what is left, for at most `within` ms, and closes. Lines that come later are dropped. */
  async close(within = 2000): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    await this.flush(within)
    this.#state = 'closed'
    this.#tryNow()
    // A write may still be with the system: its descriptor must not be given to another file before it is back.
    if (this.#writing === null) this.#end()
  }

  #waiting(): number {
    return this.#gathered.length + this.#under
  }

  #gatheredLongEnough(): void {
    this.#timer = null
    this.#start()
  }

  #start(): void {
    if (this.#gathered === '') return
    if (this.#writing === null) this.#writing = this.#drain()
    else this.#hurry = true
  }

  async #drain(): Promise<void> {
    do {
      const batch = Buffer.from(this.#gathered, 'latin1')
      this.#gathered = ''
      this.#hurry = false
      await this.#put(batch)
    } while (this.#state !== 'closed' && this.#gathered !== '' && (this.#hurry || this.#gathered.length >= this.#batch))
    this.#writing = null
    if (this.#state === 'closed') this.#end()
  }

  /** Writes one batch, however long that takes. */
  async #put(batch: Buffer): Promise<void> {
    let at = 0
    this.#under = batch.length
    this.#impatient = false
    while (at < batch.length && this.#state !== 'closed') {
      if (this.#next !== null && (at === 0 || batch[at - 1] === LF)) this.#swap(this.#next)
      try {
        this.#target ??= await openTarget(this.#fs, this.#to)
        const written = await this.#write(this.#target, batch, at)
        at += written
        this.#under = batch.length - at
        if (written > 0) this.#worked()
        else await this.#pause(RETRY_FULL)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
          await this.#pause(RETRY_FULL)
          continue
        }
        this.#failed(error)
        await this.#pause(RETRY_ERROR)
        // The old file did not take the rest of this line: the new one gets the whole of it.
        if (this.#next !== null && at > 0) at = batch.lastIndexOf(LF, at - 1) + 1
      }
    }
    if (this.#next !== null) this.#swap(this.#next)
    this.#under = 0
    this.#dropped += linesIn(batch, at)
  }

  #write(target: Target, batch: Buffer, from: number): Promise<number> {
    const to = target.isPipe ? endForPipe(batch, from) : batch.length
    return new Promise((resolve, reject) => {
      this.#fs.write(target.fd, batch, from, to - from, null, (error, n) => (error ? reject(error) : resolve(n)))
    })
  }

  #pause(ms: number): Promise<void> {
    if (this.#impatient) {
      this.#impatient = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#endPause = null
        resolve()
      }
      const timer = setTimeout(end, ms).unref()
      this.#endPause = end
    })
  }

  #tryNow(): void {
    if (this.#endPause === null) this.#impatient = true
    else this.#endPause()
  }

  #swap(next: Target): void {
    if (this.#target !== null) closeTarget(this.#fs, this.#target)
    this.#target = next
    this.#next = null
    for (const resolve of this.#onSwap) resolve()
    this.#onSwap = []
  }

  #end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#dropped += linesIn(Buffer.from(this.#gathered, 'latin1'), 0)
    this.#gathered = ''
    if (this.#target !== null) closeTarget(this.#fs, this.#target)
    this.#target = null
  }

  #drop(): void {
    this.#dropped++
    this.#lost++
    if (this.#dropping || this.#state !== 'open') return
    this.#dropping = true
    this.#tell({ state: 'dropping', lines: 0, error: null })
  }

  #failed(error: unknown): void {
    if (this.#failing) return
    this.#failing = true
    this.#tell({ state: 'failing', lines: 0, error: messageOf(error) })
  }

  #worked(): void {
    if (!this.#failing && !this.#dropping) return
    // Not at the first free byte, else a log that is just too slow would tell of it all the time.
    if (this.#dropping && this.#waiting() > this.#bound >> 1) return
    this.#tell({ state: 'recovered', lines: this.#lost, error: null })
    this.#failing = false
    this.#dropping = false
    this.#lost = 0
  }
}

/** The last end of a line that one atomic write reaches; a line that is longer than that goes in pieces. */
function endForPipe(batch: Buffer, at: number): number {
  if (batch.length - at <= PIPE_BUF) return batch.length
  const end = batch.lastIndexOf(LF, at + PIPE_BUF - 1) + 1
  return end > at ? end : at + PIPE_BUF
}

function linesIn(batch: Buffer, from: number): number {
  let lines = 0
  for (let at = batch.indexOf(LF, from); at >= 0; at = batch.indexOf(LF, at + 1)) lines++
  return lines
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
