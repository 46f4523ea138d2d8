/** From what was written of the admin API to where it listens and what it asks for. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve as resolvePath } from 'node:path'
import { addressText, readBind } from './address.ts'
import { defaults } from './defaults.ts'
import type { Address, AdminConfig, Config } from './model.ts'
import type { Notice } from './notice.ts'
import { noticeAt, noticeOf } from './notice.ts'
import type { Places } from './places.ts'
import { Refusal } from './refusal.ts'
import { readAdminToken } from './schema/admin.ts'
import type { ReadConfig } from './schema/index.ts'

/** Whether only this machine reaches an address: loopback, or a Unix socket, which has an owner and a mode. */
export function isLocal(address: Address): boolean {
  if ('path' in address) return true
  return (
    address.host === 'localhost' || address.host === '::1' || (isIP(address.host) === 4 && /^127\./.test(address.host))
  )
}

/**
 * Reads the token's file and holds the rule that callers from other machines need it.
 * @param folder absolute path that relative paths start from.
 * @param notices gets what is wrong.
 */
export function resolveAdmin(
  read: NonNullable<ReadConfig['admin']> | null,
  places: Places,
  folder: string,
  notices: Notice[],
): AdminConfig | null {
  if (read === null) return null
  const { bind } = read
  const token = read.token === undefined ? null : tokenOf(read.token, places, folder, notices)
  if (read.token === undefined && !isLocal(bind)) {
    notices.push(
      noticeAt(places, ['admin', 'bind'], 'value', 'admin-without-token', {
        says: `the admin API at ${addressText(bind)} can be reached from other machines, and asks for no token`,
        expected: 'a token of 16 characters or more, or an address of loopback',
        fix: `add token: '\${HEADGATE_ADMIN_TOKEN}' beside bind, or bind it to '${defaults.admin.bind}'`,
      }),
    )
  }
  return { bind, token, required: true }
}

/** The admin API of a command line that was told nothing of it: this machine only, and no reason to fail. */
export function withAdminByDefault(config: Config): Config {
  if (config.admin !== null || config.places.admin !== undefined) return config
  const bind = readBind(defaults.admin.bind)
  return bind instanceof Refusal ? config : { ...config, admin: { bind, token: null, required: false } }
}

function tokenOf(
  read: { readonly token: string } | { readonly file: string },
  places: Places,
  folder: string,
  notices: Notice[],
): string | null {
  if ('token' in read) return read.token
  const whole = resolvePath(folder, read.file)
  const path = ['admin', 'token', 'file']
  let text: string
  try {
    text = readFileSync(whole, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    const words = {
      says: `the file ${whole} cannot be read (${code})`,
      expected: 'a file whose only line is the token',
      fix: 'correct the path, which is relative to this file, or let this user read it',
    }
    notices.push(noticeAt(places, path, 'value', 'file-missing', words))
    return null
  }
  const token = readAdminToken(text.replace(/\r?\n$/, ''))
  if (!(token instanceof Refusal)) return token
  notices.push(noticeOf(token, places, path))
  return null
}
