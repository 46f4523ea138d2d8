/** The admin API of a running Headgate. Where the configuration does not ask for it, Headgate starts without it if need be. */
import { addressText } from '../config/address.ts'
import type { AdminConfig } from '../config/model.ts'
import type { GatePort } from '../watch/admin/gate-port.ts'
import { type AdminServer, openAdmin } from '../watch/admin/server.ts'
import type { Logger } from '../watch/log/app-log.ts'

/** Opens it; null where there is none, or it was not asked for and cannot be opened. Rejects with the system's error. */
export async function openOptionalAdmin(
  admin: AdminConfig | null,
  port: GatePort,
  log: Logger,
): Promise<AdminServer | null> {
  if (admin === null) return null
  try {
    return await openAdmin(admin, port, log)
  } catch (error) {
    if (admin.required) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const address = addressText(admin.bind)
    const why = code === 'EADDRINUSE' ? `${address} is in use` : message
    log.warn({ address }, `there is no admin API: ${why}; write admin: to choose another address, or admin: false`)
    return null
  }
}
