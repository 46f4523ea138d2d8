/** The written form of compression: of the answers of a route, and of what its cache stores. */
import { z } from 'zod'
import { defaults } from '../defaults.ts'
import { flag, oneOrMore, size, text, word } from './scalars.ts'

const d = defaults.compress

const mediaType = text({
  pattern: /^[!#$&^_.+a-z0-9-]+\/(\*|[!#$&^_.+a-z0-9-]+)$/i,
  expected: "a media type such as 'text/css' or 'text/*'",
  isNot: 'is not a media type',
  fix: () => "write type and subtype: 'text/css'",
  canonical: (written) => written.toLowerCase(),
})

const compressObject = z.strictObject({
  types: oneOrMore(mediaType, 0)
    .prefault([...d.types])
    .describe(
      'Media types that are worth it. `text/*` does not mean `text/event-stream`, which has to be named. nginx: gzip_types.',
    ),
  encodings: oneOrMore(word(['zstd', 'br', 'gzip']))
    .prefault([...d.encodings])
    .describe('Encodings in the order of preference: of those that the client likes best, the first one is used.'),
  min: size().prefault(d.min).describe('Shorter answers stay as they are. nginx: gzip_min_length.'),
})

/** null: none. */
export const compress = z.union([flag().transform((on) => (on ? compressObject.parse({}) : null)), compressObject])
