import type { StoredText } from '../../cache/object/stored-object.ts'
import type { Conditions } from '../../cache/serve/condition.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'

/** What a client gets of a stored response. */
export interface ServedForm {
  /** Whose body it is. */
  readonly hold: PinnedObject
  readonly stored: StoredText
  /** The conditions, as far as they concern this form. */
  readonly conditions: Conditions | null
  /** The next client that asks the same gets the same form. */
  readonly settled: boolean
}
