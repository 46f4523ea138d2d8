/** Rows of the table of causes, see cause.ts: how an unused tunnel is ended. */
import type { CauseRow } from './cause-row.ts'

export const tunnelCauses = {
  tunnel_idle: {
    by: 'server',
    shed: false,
    status: 0,
    proxyStatus: 'connection_read_timeout',
    letter: 'T',
    retry: 'never',
    sentence: 'The stream was silent for too long.',
    advice: 'Neither side sent anything for timeouts.tunnelIdle. Have the application send pings, or raise it.',
  },
  tunnel_fin_timeout: {
    by: 'server',
    shed: false,
    status: 0,
    proxyStatus: 'connection_read_timeout',
    letter: 'T',
    retry: 'never',
    sentence: 'The stream was closed on one side, and then silent for too long.',
    advice:
      'One side closed its half of the stream (the detail says which), then neither side sent anything for timeouts.tunnelFin. The other side should close too; raise it if answers may take longer after that.',
  },
} as const satisfies Record<string, CauseRow>
