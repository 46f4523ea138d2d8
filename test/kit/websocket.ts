/** Frames of the WebSocket protocol (RFC 6455 §5), as far as a test of a tunnel needs them. */

export interface Frame {
  /** 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number
  readonly payload: Buffer
}

/** A whole message in one frame; with a mask as clients have to send it. */
export function frame(opcode: number, payload: Buffer, mask: Buffer | null = null): Buffer {
  const { length } = payload
  const extended = length < 126 ? 0 : length < 65536 ? 2 : 8
  const head = Buffer.alloc(2 + extended)
  head[0] = 0x80 | opcode
  head[1] = (mask === null ? 0 : 0x80) | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  return mask === null ? Buffer.concat([head, payload]) : Buffer.concat([head, mask, masked(payload, mask)])
}

function masked(payload: Buffer, mask: Buffer): Buffer {
  return payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0)) as Buffer
}

/** Reads frames from bytes in pieces of any size. */
export class Frames {
  readonly #heard: (frame: Frame) => void
  #got = Buffer.alloc(0)

  constructor(heard: (frame: Frame) => void) {
    this.#heard = heard
  }

  push(bytes: Buffer): void {
    this.#got = Buffer.concat([this.#got, bytes])
    for (let taken = this.#take(); taken > 0; taken = this.#take()) this.#got = this.#got.subarray(taken)
  }

  /** Bytes of the first frame, 0 while it is not complete. */
  #take(): number {
    const got = this.#got
    if (got.length < 2) return 0
    const short = (got[1] ?? 0) & 0x7f
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0
    const masking = ((got[1] ?? 0) & 0x80) !== 0
    const from = 2 + extended + (masking ? 4 : 0)
    if (got.length < from) return 0
    const length = extended === 0 ? short : extended === 2 ? got.readUInt16BE(2) : Number(got.readBigUInt64BE(2))
    if (got.length < from + length) return 0
    const payload = got.subarray(from, from + length)
    this.#heard({
      opcode: (got[0] ?? 0) & 0x0f,
      payload: masking ? masked(payload, got.subarray(from - 4, from)) : Buffer.from(payload),
    })
    return from + length
  }
}
