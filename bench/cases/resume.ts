import type { Case, Contender } from '../case.ts'
import type { ResumeJob, Way } from '../job.ts'
import { runPair } from '../run/pair.ts'

const ONE_WAY_MS = 20

/** What resuming takes: the connection, HELLO there and WELCOME back. */
const SENDER_TRIPS = 2
/** What the connecting end has to send can leave only then. */
const RECEIVER_TRIPS = 2.5
/** For timers, which are up to 1 ms late each, and for the work; another trip in one direction would take 0.5. */
const MARGIN_TRIPS = 0.4

export const resume: Case = {
  name: 'session, resumed after a cut',
  about: `Over TCP through a proxy that takes ${ONE_WAY_MS} ms in each direction, in the process of the connecting end: from the cut, with a message on its way in each direction, to the first message at either end. A connection costs a round trip, as it would there: the proxy holds back for so long what is said first. HELLO and WELCOME cost another. What the accepting end sends again comes right behind its WELCOME, so that the connecting end has it after ${SENDER_TRIPS} round trips; what the connecting end sends leaves then, and is there after ${RECEIVER_TRIPS}. A plain connection, on which both ends send at once, takes 2 and 1.5 from \`connect()\`. The targets leave ${MARGIN_TRIPS} of a round trip to timers and work; one more trip in one direction would be 0.5.`,
  contenders: [
    contender('connect-ts in a session', { medium: 'tcp', session: true }),
    contender('connect-ts, connecting anew', { medium: 'tcp' }),
  ],
  columns: ['senderMs', 'receiverMs', 'senderTrips', 'receiverTrips'],
  compared: [],
  goals: [
    { figure: 'senderTrips', atMost: SENDER_TRIPS + MARGIN_TRIPS },
    { figure: 'receiverTrips', atMost: RECEIVER_TRIPS + MARGIN_TRIPS },
  ],
  rounds: { full: 3, quick: 1 },
}

function contender(name: string, way: Way): Contender {
  return {
    name,
    run: async quick => {
      const job: ResumeJob = { ...way, count: quick ? 5 : 11, warmUp: 2, oneWayMs: ONE_WAY_MS }
      const { figures } = await runPair({ peer: 'ours-resume', job, until: 'sender' })
      return figures
    },
  }
}
