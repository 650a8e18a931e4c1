import { setTimeout as sleep } from 'node:timers/promises'
import {
  ConnectDatagram,
  type Connection,
  type ConnectionReader,
  connect,
  type Listener,
  listen,
} from 'connect-ts'
import { connectOptions, listenAddress, listenOptions } from '../child/media.ts'
import type { Sample } from '../figures.ts'
import type { Receiving, ResumeJob } from '../job.ts'
import { LongWay } from '../link/long-way.ts'
import { median } from '../statistics.ts'

/** When the first message was at either end, in ms since the connection was cut, or since another one was asked for. */
interface Times {
  readonly senderMs: number
  readonly receiverMs: number
}

/** A connection that has lasted for longer than `retryDelayMs` is followed by another at once. */
const LASTING_MS = 110

const message = new ConnectDatagram(1, new Uint8Array(8))

/** Answers each message with the time at which it came; says something first where nothing can be left from before. */
export async function receive(job: ResumeJob): Promise<Receiving> {
  const listener = await listen(listenAddress(job.medium), listenOptions(job))
  void serve(listener, job)
  return { address: listener.address, figures: new Promise(() => {}) }
}

export async function send(job: ResumeJob, address: string, begin: () => Promise<void>): Promise<Sample> {
  const way = await LongWay.to(address, job.oneWayMs)
  const once = job.session === true ? await resuming(way, job) : () => connectAnew(way, job)
  await begin()
  for (let i = 0; i < job.warmUp; i++) await once()
  const all: Times[] = []
  while (all.length < job.count) {
    const times = await once()
    if (times !== undefined) all.push(times)
  }
  const senderMs = median(all.map(times => times.senderMs))
  const receiverMs = median(all.map(times => times.receiverMs))
  const tripMs = 2 * job.oneWayMs
  return { senderMs, receiverMs, senderTrips: senderMs / tripMs, receiverTrips: receiverMs / tripMs }
}

async function serve(listener: Listener, job: ResumeJob): Promise<void> {
  for await (const connection of listener) answer(connection, job).catch(() => {})
}

async function answer({ reader, writer }: Connection, { session }: ResumeJob): Promise<void> {
  if (session !== true) await writer.send(timestamp())
  for await (const _ of reader) await writer.send(timestamp())
}

async function resuming(way: LongWay, job: ResumeJob): Promise<() => Promise<Times | undefined>> {
  const connection = await connect(way.address, connectOptions(job))
  return () => cutAndResume(way, connection, job)
}

/** Cuts while an answer is on its way to this end, and a message to the other. Undefined if one of them was not. */
async function cutAndResume(
  way: LongWay,
  { reader, writer }: Connection,
  { oneWayMs }: ResumeJob,
): Promise<Times | undefined> {
  await sleep(LASTING_MS)
  await writer.send(message)
  const answered = arrival(reader)
  await sleep(1.25 * oneWayMs)
  await writer.send(message)
  await sleep(0.25 * oneWayMs)
  const start = now()
  way.cut()
  const answer = await answered
  const next = await arrival(reader)
  const wereCut = answer.sentAt < start && start < answer.at && start < next.sentAt
  return wereCut ? { senderMs: answer.at - start, receiverMs: next.sentAt - start } : undefined
}

/** Both ends send at once. */
async function connectAnew(way: LongWay, job: ResumeJob): Promise<Times> {
  const start = now()
  const connection = await connect(way.address, connectOptions(job))
  await connection.writer.send(message)
  const greeting = await arrival(connection.reader)
  const answer = await arrival(connection.reader)
  connection.abort()
  return { senderMs: greeting.at - start, receiverMs: answer.sentAt - start }
}

/** When a message was sent, which is when the one came that it answers, and when it was here. */
async function arrival(reader: ConnectionReader): Promise<{ sentAt: number; at: number }> {
  const { data } = (await reader.receive())!
  return { sentAt: timeIn(data), at: now() }
}

/** In ms, by a clock that is the same in all processes. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function timestamp(): ConnectDatagram {
  const data = new Uint8Array(8)
  new DataView(data.buffer).setFloat64(0, now())
  return new ConnectDatagram(1, data)
}

function timeIn(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getFloat64(0)
}
