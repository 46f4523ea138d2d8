/** As much of RFC 6455 as an echo needs: short frames, whole messages. */

/** Length of a message in bytes: what a chat sends. Below 126, where the length takes one byte. */
export const MESSAGE = 100
/** A frame from the server: two bytes, then the message. */
export const PLAIN = 2 + MESSAGE
/** A frame from the client has four bytes of masking key between (§5.3). */
export const MASKED = 6 + MESSAGE

/** Builds a masked text frame. */
export function maskedFrame(text: Buffer, key: Buffer): Buffer {
  const frame = Buffer.alloc(6 + text.length)
  frame[0] = 0x81 // FIN, text
  frame[1] = 0x80 | text.length
  key.copy(frame, 2)
  for (let i = 0; i < text.length; i++) frame[6 + i] = text[i]! ^ key[i & 3]!
  return frame
}

/** Writes the echo of the masked frame at `from` into `frame`, unmasked. */
export function echoInto(frame: Buffer, data: Uint8Array, from: number): void {
  frame[0] = 0x81
  frame[1] = data[from + 1]! & 0x7f
  for (let i = 0; i < MESSAGE; i++) frame[2 + i] = data[from + 6 + i]! ^ data[from + 2 + (i & 3)]!
}
