import type { Part } from './mutant.ts'
import { cli } from './parts/cli.ts'
import { connection } from './parts/connection.ts'
import { dialing } from './parts/dialing.ts'
import { dtls } from './parts/dtls.ts'
import { frame } from './parts/frame.ts'
import { sctp } from './parts/sctp.ts'
import { session } from './parts/session.ts'
import { socket } from './parts/socket.ts'

/** Every part that `npm run mutate` knows. */
export const parts: readonly Part[] = [cli, frame, connection, dialing, dtls, sctp, socket, session]
