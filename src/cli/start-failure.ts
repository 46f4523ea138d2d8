/** Why a start failed, in words that say what to do about it. */

interface SystemError extends Error {
  readonly code: string
  readonly syscall?: string
  readonly address?: string
  readonly port?: number
  /** The process that has the address, where that is known. */
  readonly holder?: string
}

/** What to say of an address; `path`: it is that of a unix socket. `holder`: the process that has it, where that is known. */
type Remedy = (where: string, path: boolean, holder: string | undefined) => string

const remedies: Readonly<Record<string, Remedy>> = {
  EADDRINUSE: (where, path, holder) => {
    const look = holder === undefined ? `. See who has it: ${path ? 'ss -lxp' : 'ss -ltnp'}` : ''
    return `${where} is in use by ${holder ?? 'another program'}. Stop it, or listen on another ${path ? 'path' : 'port'}${look}`
  },
  EEXIST: (where) =>
    `${where} is there already and is no socket, so that Headgate leaves it alone. Move it away, or listen on another path`,
  EACCES: (where, path) =>
    path
      ? `this user may not make a socket at ${where}. See who may write to its folder: ls -ld`
      : `this user may not listen on ${where}. Ports below 1024 are kept for root: use a higher one, or allow it with setcap cap_net_bind_service=+ep on the node binary`,
  EADDRNOTAVAIL: (where) => `this machine has no address for ${where}. Leave the host out to listen on all: ':8080'`,
  EMFILE: () => 'this process may open no more files. Raise the limit with ulimit -n, or LimitNOFILE= under systemd',
  ENOENT: (where) => `the folder of ${where} does not exist`,
}

/** One line for a failure that the user can mend; null for any other, which deserves its stack. */
export function startFailure(error: unknown): string | null {
  if (!isSystemError(error)) return null
  const { address, port, code, message, holder } = error
  const path = address !== undefined && port === -1
  const host = address === undefined || address === '' ? '' : address.includes(':') ? `[${address}]` : address
  const where = path ? address : port === undefined || port < 0 ? host || 'that address' : `${host}:${port}`
  const remedy = remedies[code]
  return `headgate could not start: ${remedy === undefined ? message : remedy(where, path, holder)}`
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && typeof (error as Partial<SystemError>).code === 'string'
}
