import { Client } from './client.ts'
import type { Running } from './headgate.ts'
import { meanwhile, requestsBegun } from './settle.ts'

/** Clients that ask for a path, each with one of these field lines; resolves when all requests are read and had time to go on. */
export async function crowd({ gate, port }: Running, path: string, fields: readonly string[]): Promise<Client[]> {
  const before = gate.usage().requests
  const clients: Client[] = []
  for (const lines of fields) clients.push((await Client.connect(port)).get(path, lines))
  await requestsBegun(gate, before + fields.length)
  await meanwhile(30)
  return clients
}
