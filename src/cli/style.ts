/** Colour where a person looks on, plain text elsewhere: NO_COLOR, FORCE_COLOR and the stream decide. */
import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** Gives a text its look, or leaves it as it is. */
export type Paint = (format: Format, text: string) => string

/** The paint for a stream, by what the stream and the environment allow. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (format, text) => styleText(format, text, { stream })
}

/** Leaves every text as it is. */
export const plain: Paint = (_, text) => text
