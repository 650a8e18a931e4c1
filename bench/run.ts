import { type ChildProcess, fork, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Job } from './job.ts'
import { socketPath } from './media.ts'
import { ringSize } from './messages.ts'

/** What one run gave. CPU time and memory are known for the peers that run on Node. */
export interface Sample {
  /** Measured messages per second; of an echo, round trips per second. */
  readonly rate: number
  /** Microseconds, of an echo. */
  readonly p50?: number
  readonly p99?: number
  readonly senderCpuMs?: number
  readonly receiverCpuMs?: number
  readonly senderPeakBytes?: number
  readonly receiverPeakBytes?: number
}

interface Report {
  readonly address?: string
  readonly elapsedMs?: number
  readonly times?: number[]
  readonly cpuMs: number
  readonly peakBytes: number
}

/** The longest that one run may take. */
const RUN_LIMIT_MS = 120_000

const child = fileURLToPath(new URL('child.ts', import.meta.url))

/** Runs a job once, in two processes; on two given cores if `pinned`. */
export async function runOnce(
  peer: string,
  job: Job,
  pinned: boolean,
  libzmq: string | undefined,
): Promise<Sample> {
  return peer === 'libzmq' ? runLibzmq(libzmq!, job, pinned) : runNode(peer, job, pinned)
}

async function runNode(peer: string, job: Job, pinned: boolean): Promise<Sample> {
  const receiver = start(['receive', peer, JSON.stringify(job)], pinned ? 0 : undefined)
  const children = [receiver]
  try {
    const { address } = await nextReport(receiver)
    const sender = start(['send', peer, JSON.stringify(job), address!], pinned ? 1 : undefined)
    children.push(sender)
    if (job.kind === 'echo') return echoSample(await nextReport(sender))
    const [sent, received] = await Promise.all([nextReport(sender), nextReport(receiver)])
    return {
      rate: (job.count / received.elapsedMs!) * 1000,
      senderCpuMs: sent.cpuMs,
      receiverCpuMs: received.cpuMs,
      senderPeakBytes: sent.peakBytes,
      receiverPeakBytes: received.peakBytes,
    }
  } finally {
    await Promise.all(children.map(stop))
    rmSync(socketPath(receiver.pid), { force: true })
  }
}

/** Sender and receiver in C, which print what they measure. */
async function runLibzmq(program: string, job: Job, pinned: boolean): Promise<Sample> {
  const numbers = [job.bytes, job.count, job.warmUp, ringSize(job.bytes)].map(String)
  const receiver = spawnOn(pinned ? 0 : undefined, program, ['receive', ...numbers])
  const children = [receiver]
  try {
    const lines = createInterface({ input: receiver.stdout! })[Symbol.asyncIterator]()
    const address = await nextValue(lines, 'address')
    children.push(spawnOn(pinned ? 1 : undefined, program, ['send', address, ...numbers]))
    return { rate: (job.count / Number(await nextValue(lines, 'elapsed'))) * 1000 }
  } finally {
    await Promise.all(children.map(stop))
  }
}

function echoSample({ times }: Report): Sample {
  const sorted = Float64Array.from(times!).sort()
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!
  const total = sorted.reduce((sum, time) => sum + time, 0)
  return { rate: (sorted.length / total) * 1e6, p50: at(0.5), p99: at(0.99) }
}

function start(args: string[], core: number | undefined): ChildProcess {
  const execArgv = ['--import', 'tsx']
  const started = fork(child, args, { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  if (core !== undefined) pin(started, core)
  return started
}

/** All threads of a process that has just been started; those to come inherit it. */
function pin(started: ChildProcess, core: number): void {
  spawn('taskset', ['-a', '-p', '-c', String(core), String(started.pid)], { stdio: 'ignore' })
}

function spawnOn(core: number | undefined, program: string, args: string[]): ChildProcess {
  const [command, ...rest] = core === undefined ? [program] : ['taskset', '-c', String(core), program]
  return spawn(command!, [...rest, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

function nextReport(from: ChildProcess): Promise<Report> {
  return withinLimit(
    new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`a process ended early, with ${code}`))
      from.once('exit', onExit)
      from.once('message', report => {
        from.off('exit', onExit)
        resolve(report as Report)
      })
    }),
  )
}

async function nextValue(lines: AsyncIterator<string>, word: string): Promise<string> {
  const { value, done } = await withinLimit(lines.next())
  if (done || !value.startsWith(`${word} `)) throw new Error(`expected a line "${word}", got ${value}`)
  return value.slice(word.length + 1)
}

function withinLimit<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`a run took longer than ${RUN_LIMIT_MS} ms`)), RUN_LIMIT_MS)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}

async function stop(started: ChildProcess): Promise<void> {
  if (started.exitCode !== null || started.signalCode !== null) return
  const gone = new Promise(resolve => started.once('exit', resolve))
  started.kill('SIGKILL')
  await gone
}
