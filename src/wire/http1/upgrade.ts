/** The protocols that Upgrade names (RFC 9110 §7.8): `name`, or `name/version`, in any case. */

/** Other versions of HTTP: a tunnel of them would carry requests past every rule, limit and log. */
const OF_HTTP: readonly string[] = ['http', 'h2', 'h2c', 'h3']

/** Whether a route that allows these names (lower case; '*': all) passes on what a client asks for: every protocol of it. */
export function mayUpgrade(allowed: readonly string[], offered: string): boolean {
  const all = protocolsOf(offered)
  return (
    all.length > 0 &&
    all.every((protocol) => {
      const name = nameOf(protocol)
      return !OF_HTTP.includes(name) && (allowed[0] === '*' || allowed.includes(name))
    })
  )
}

/**
 * Whether every protocol that a 101 switches to is one that the client offered: a server must not switch to another
 * (RFC 9110 §7.8). Where one side names no version, the name decides.
 */
export function wasOffered(offered: string, switched: string): boolean {
  const offers = protocolsOf(offered)
  const layers = protocolsOf(switched)
  return layers.length > 0 && layers.every((layer) => offers.some((offer) => isSame(offer, layer)))
}

function isSame(a: string, b: string): boolean {
  if (a === b) return true
  return nameOf(a) === nameOf(b) && (!a.includes('/') || !b.includes('/'))
}

function protocolsOf(value: string): readonly string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '')
}

function nameOf(protocol: string): string {
  const slash = protocol.indexOf('/')
  return slash < 0 ? protocol : protocol.slice(0, slash)
}
