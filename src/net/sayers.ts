/**
 * Streams with something to say. Small pieces leave together when all that this turn of the event loop brought has been
 * handled: back to back, so that whoever reads them is woken once and not for each of them.
 */
interface Sayer {
  flush(): void
}

let sayers: Sayer[] = []
let others: Sayer[] = []

/** Has the stream flushed at the end of this turn. */
export function sayLater(stream: Sayer): void {
  if (sayers.length === 0) setImmediate(sayAll)
  sayers.push(stream)
}

function sayAll(): void {
  const all = sayers
  sayers = others
  others = all
  for (let i = 0; i < all.length; i++) all[i]!.flush()
  all.length = 0
}
