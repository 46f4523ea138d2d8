/** What happens in the demo, in plain words. */
import type { Frame } from './frame.ts'

/** One sentence for each side. */
export interface Story {
  readonly without: string
  readonly with: string
}

export function tell(frame: Frame): Story {
  return { without: withoutGate(frame), with: withGate(frame) }
}

function withoutGate({ without, places, crowd, capacity }: Frame): string {
  const crowded = Math.max(...without.busy) > 2 * places
  if (!crowded && without.perSecond.tooSlow < 1) return 'Without a gate all is well as long as the shops can keep up.'
  if (crowd < capacity * 0.9)
    return 'Without a gate the crowd is smaller again, and the shops still choke on those inside.'
  return 'Without a gate every visitor gets in, every visitor waits, and hardly anybody is served in time.'
}

function withGate({ cause, waiting, places, line }: Frame): string {
  if (cause !== null)
    return `Headgate lets ${places} into each shop and lines up ${line} more; the rest hears at once why not, and can come back.`
  if (waiting > 0) return 'Headgate lines up a few visitors until a shop has a place for them.'
  return 'Headgate lets everybody in at once: the shops have places.'
}
