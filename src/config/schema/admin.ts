/** The written form of the admin API's door. */
import { z } from 'zod'
import { defaults } from '../defaults.ts'
import { Refusal } from '../refusal.ts'
import { bind, flag, reads } from './scalars.ts'

const d = defaults.admin

/** Fewer characters than these can be tried out; the number of them that an operator writes is no secret. */
const LEAST = 16
const expected = `${LEAST} to 1024 printable characters without spaces, of which nobody could guess one`
const remedy = 'make one with: openssl rand -hex 24'

/** A text that may stand in an Authorization field (RFC 6750 §2.1), or why not; never shows it. */
export function readAdminToken(written: unknown): string | Refusal {
  if (typeof written !== 'string') {
    // Of another type is what may be another form; what cannot be one is not shown in words about its form either.
    const rule = typeof written === 'object' ? 'wrong-type' : 'bad-value'
    return new Refusal(rule, 'the token is not a text', expected, `write it in quotes, or ${remedy}`)
  }
  if (!/^[\x21-\x7e]*$/.test(written))
    return new Refusal('bad-value', 'the token has spaces or other signs that a field cannot carry', expected, remedy)
  if (written.length >= LEAST && written.length <= 1024) return written
  const says = `the token has ${written.length} characters`
  return new Refusal('out-of-range', says, expected, remedy)
}

const token = z.union([
  reads<string, { token: string }>(
    (written) => {
      const read = readAdminToken(written)
      return read instanceof Refusal ? read : { token: read }
    },
    { type: 'string', pattern: String.raw`^([!-~]{${LEAST},1024}|.*\$\{.+\}.*)$` },
  ),
  z.strictObject({
    file: reads<string, string>(
      (written) =>
        typeof written === 'string' && written !== ''
          ? written
          : new Refusal(
              'wrong-type',
              'this is not a file',
              'the path of a file',
              "write file: '/run/secrets/headgate'",
            ),
      { type: 'string' },
    ).describe('A file whose only line is the token; its path is relative to this file.'),
  }),
])

const object = z.strictObject({
  bind: bind()
    .prefault(d.bind)
    .describe(
      "One address to listen on: `'127.0.0.1:9191'`, `'unix:/run/headgate-admin.sock'`. Beyond loopback a token is required.",
    ),
  token: token
    .optional()
    .describe(
      'What callers have to show as `Authorization: Bearer …`: a text of 16 characters or more, better from the environment than in the file itself, or `{ file }`. It is never logged or shown.',
    ),
})

/** null: no admin API. */
export const admin = z.union([
  flag().transform((on) => (on ? object.parse({}) : null)),
  bind().transform((address) => ({ bind: address, token: undefined })),
  object,
])
