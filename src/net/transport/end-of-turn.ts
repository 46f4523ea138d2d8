/**
 * Streams with something to say. Small pieces leave together when all that this turn of the event loop brought has been
 * handled: back to back, so that their reader is woken once and not for each of them.
 */
interface EndOfTurnWriter {
  flush(): void
}

let writers: EndOfTurnWriter[] = []
let others: EndOfTurnWriter[] = []

/** Has the stream flushed at the end of this turn. */
export function flushAtEndOfTurn(stream: EndOfTurnWriter): void {
  if (writers.length === 0) setImmediate(flushAll)
  writers.push(stream)
}

function flushAll(): void {
  const all = writers
  writers = others
  others = all
  for (let i = 0; i < all.length; i++) all[i]!.flush()
  all.length = 0
}
