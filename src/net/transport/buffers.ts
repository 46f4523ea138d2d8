/** The buffers that streams read into and write from, of one thread. Fresh ones for each would keep the collector busy. */

/** Bytes read at most in one go, long bodies aside. */
export const READ_BUFFER_SIZE = 64 * 1024
/** What all sockets read into, unless they relay a long body. */
export const sharedReadBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BUFFER_SIZE)
/** Buffers of that size, for bodies and for copies of what the kernel may not take at once. */
const spare: Buffer[] = []
/** Long bodies are read in larger pieces while few are under way, which takes less than half of the time for 1 MB. */
const LARGE = 256 * 1024
const FEW = 32
const spareLarge: Buffer[] = []
const SPARE = 16
let large = 0

/** A buffer for a long body; give it back to `endedBulk` when nothing reads into it any more. */
export function takeBulkBuffer(): Buffer {
  if (large >= FEW) return spare.pop() ?? Buffer.allocUnsafeSlow(READ_BUFFER_SIZE)
  large++
  return spareLarge.pop() ?? Buffer.allocUnsafeSlow(LARGE)
}

/** A long body is over. Its buffer may still be being written from. */
export function bulkEnded(buf: Buffer): void {
  if (buf.length === LARGE) large--
}

/** A buffer of ours with buf[from, to) at its beginning. */
export function copyOf(buf: Buffer, from: number, to: number): Buffer {
  if (to - from > READ_BUFFER_SIZE) return Buffer.from(buf.subarray(from, to))
  const copy = spare.pop() ?? Buffer.allocUnsafeSlow(READ_BUFFER_SIZE)
  buf.copy(copy, 0, from, to)
  return copy
}

/** Takes back a buffer that is not read into or written from any more. */
export function recycle(buf: Buffer): void {
  if (buf.length === LARGE) {
    if (spareLarge.length < SPARE) spareLarge.push(buf)
  } else if (buf.length === READ_BUFFER_SIZE && spare.length < SPARE) spare.push(buf)
}
