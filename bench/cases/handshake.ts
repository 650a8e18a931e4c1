import type { Case, Contender } from '../case.ts'
import type { HandshakeJob } from '../job.ts'
import { runPair } from '../run/pair.ts'

const MOST_P50_MICROSECONDS = 10_000

export const handshake: Case = {
  name: 'handshake, DTLS-SCTP',
  about:
    'From `connect()` to connected, one after the other, a certificate at both ends (RSA, 2,048 bits); beside our own TLS 1.3. CPU time is for opening and closing.',
  contenders: [contender('connect-ts', 'dtls-sctp'), contender('connect-ts on TLS', 'tls')],
  columns: ['p50', 'p99', 'senderCpu', 'receiverCpu'],
  compared: ['p50', 'p99'],
  goals: [{ figure: 'p50', atMost: MOST_P50_MICROSECONDS }],
}

function contender(name: string, medium: HandshakeJob['medium']): Contender {
  return {
    name,
    run: async quick => {
      const job: HandshakeJob = { medium, count: quick ? 200 : 1000, warmUp: 100 }
      const { figures, sender, receiver } = await runPair({ peer: 'ours-handshakes', job, until: 'sender' })
      const each = 1000 / (job.count + job.warmUp)
      return { ...figures, senderCpu: sender.cpuMs * each, receiverCpu: receiver.cpuMs * each }
    },
  }
}
