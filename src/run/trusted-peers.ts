/** Which peers are trusted, by their address. */
import { BlockList, isIP } from 'node:net'

/** Whether an address is one of `peers` (addresses and CIDR blocks). */
export function trusting(peers: readonly string[]): (address: string) => boolean {
  if (peers.length === 0) return trustNone
  const list = new BlockList()
  for (const peer of peers) {
    const [address = '', bits] = peer.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => {
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}

function trustNone(): boolean {
  return false
}
