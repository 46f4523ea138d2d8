/** Hashes that spread keys and names evenly. They keep nothing secret and resist no attacker who picks the keys. */

/** Stirs 32 bits so that each bit of the result depends on all of them (the finalizer of MurmurHash3); one to one. */
export function stir(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/**
 * The key of a text for a policy's `begin`: 0 … 2³²−1, the same in every process and version (FNV-1a, stirred). So two
 * Headgates with the same servers send the same key to the same server.
 */
export function hashKey(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return stir(h)
}
