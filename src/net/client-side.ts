/** A client as those see it who serve its request. */
import type { Client } from './client.ts'

/** What serving a request needs of its client. There is one without a client: see exchange/nobody.ts. */
export type ClientSide = Pick<
  Client,
  | 'stream'
  | 'context'
  | 'hop'
  | 'port'
  | 'body'
  | 'since'
  | 'bytesIn'
  | 'bodyLeft'
  | 'lasting'
  | 'halfClosed'
  | 'serve'
  | 'readBody'
  | 'awaitBody'
  | 'tunnel'
  | 'pauseBody'
  | 'resumeBody'
  | 'finish'
  | 'drop'
>
