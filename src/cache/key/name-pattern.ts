/** Names of parameters and cookies as configurations write them: they come in families. */

/** Whether the name is the one that was written, or begins with it where a star ends it. */
export function isOf(name: string, written: string): boolean {
  return written.endsWith('*') ? name.startsWith(written.slice(0, -1)) : name === written
}
