/** What the system says of a connection, in words that hold. */

/** Node names a local address that a connection never got. */
const NO_LOCAL = / - Local \((undefined:)?undefined\)$/

/** The message of an error of a socket. A name with several addresses fails with one error for each, and no text of its own. */
export function systemText(error: Error): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    const texts = error.errors.map((one: unknown) => (one instanceof Error ? systemText(one) : String(one)))
    return [...new Set(texts)].join('; ')
  }
  return error.message.replace(NO_LOCAL, '')
}
