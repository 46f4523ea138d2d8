/** Is told what happens on a transport. `buf` is only valid within the call. */
export interface TransportOwner {
  /** A stream made by `connect` is connected. */
  connected(): void
  received(buf: Buffer, n: number): void
  /** The peer will send nothing more. */
  ended(): void
  /** Everything written so far has been taken by the kernel. */
  drained(): void
  /** It is over, by whichever side; never called after `destroy` or `reset`. */
  closed(error: NodeJS.ErrnoException | null): void
}

export const noOwner: TransportOwner = { connected() {}, received() {}, ended() {}, drained() {}, closed() {} }
