/** The advice of a refusal where the slots are held by answers that last long, not by many requests. */
import { type Cause, rowOf } from '../../base/cause.ts'
import { LONG } from '../../exchange/tenure.ts'
import { seconds } from '../../watch/episodes/episodes.ts'
import type { Occupancy } from '../status/occupancy.ts'

const SEE = 'headgate ctl status shows the oldest.'

/** @param used slots in use; @param of what, as `pool shop`. null: the advice of the cause is the right one. */
export function occupancyAdvice(cause: Cause, occupancy: Occupancy, used: number, of: string): string | null {
  const { kinds, slot, stream } = occupancy
  if (cause === 'streams_full') {
    if (kinds.stream === 0 || stream === null) return null
    const oldest = `the oldest for ${seconds(stream.age)}, on route ${stream.route}`
    return `${rowOf(cause).advice} ${count(kinds.stream, 'stream')} of ${of} ${are(kinds.stream)} open, ${oldest}. ${SEE}`
  }
  const { kept, answer, waiting } = kinds
  const held = kept + answer + waiting
  if (slot === null || held === 0 || held * 2 < used) return null
  const parts: string[] = []
  if (kept > 0) parts.push(`${count(kept, 'stream')} for which streams.max had no room`)
  if (answer > 0) parts.push(`${count(answer, 'answer')} that still ${answer === 1 ? 'flows' : 'flow'}`)
  if (waiting > 0)
    parts.push(`${count(waiting, 'request')} that the server has not answered for more than ${seconds(LONG)}`)
  const oldest = `the oldest for ${seconds(slot.age)}, on route ${slot.route}`
  const holders = `${held} of ${used} slots in use of ${of} ${are(held)} held for long: ${parts.join(', ')}; ${oldest}.`
  return `${holders} ${remedy(kinds)} ${SEE}`
}

/** For what holds most of them. */
function remedy({ kept, answer, waiting }: Occupancy['kinds']): string {
  if (kept >= answer && kept >= waiting) return 'Raise streams.max of the pool, or see why so many streams are open.'
  if (answer >= waiting)
    return 'Answers that never end belong among the streams: name their type in streams.types of the pool, or set streams.after. For downloads raise the limits, if the servers can carry more.'
  return 'Find what is slow at the server, or add capacity.'
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}

function are(n: number): string {
  return n === 1 ? 'is' : 'are'
}
