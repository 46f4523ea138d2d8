/** What is shown, and how: shared by the views of ctl. */
import type { z } from 'zod'
import type * as answers from '../../watch/admin/answers.ts'
import type { Paint } from '../style.ts'

export interface Look {
  /** Characters of a line; unbounded if the output is no terminal. */
  readonly width: number
  readonly paint: Paint
}

/** What an answer says, by its form. */
export type Of<K extends keyof typeof answers> = (typeof answers)[K] extends z.ZodType<infer T> ? T : never
