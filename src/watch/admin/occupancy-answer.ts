/** What holds slots for long, and open streams, as the admin API tells of a pool. */
import { z } from 'zod'
import { occupantKinds } from '../../ledger/occupancy.ts'

const count = () => z.int().nonnegative()

export const poolOccupancy = z
  .strictObject({
    streams: count().describe('Open streams. They hold a place of streams.max and no slot of a server.'),
    kept: count().describe('Streams that hold a slot, as streams.max had no room for them.'),
    answers: count().describe('Other answers that have held a slot for more than 2 seconds, and flow.'),
    waiting: count().describe('Requests that have held a slot for more than 2 seconds without an answer.'),
    oldest: z
      .array(
        z.strictObject({
          kind: z.enum(occupantKinds).describe('Which of the four it is counted among.'),
          age: z.number().nonnegative().describe('Seconds since it became a stream, or took its slot.'),
          route: z.string(),
          server: z.string(),
          method: z.string(),
          path: z.string().describe('Without the query.'),
        }),
      )
      .describe('The oldest of them: at most five that hold slots, then at most five streams.'),
  })
  .describe('What lasts: open streams, and what holds slots for long.')

export type PoolOccupancy = z.infer<typeof poolOccupancy>
