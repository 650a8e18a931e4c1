import type { Socket } from 'node:dgram'
import type { TestContext } from 'node:test'
import type { DtlsConnection } from '../../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { loadEngine } from '../../../../src/transport/dtls-sctp/engine/load-engine.ts'
import { certificates } from '../../../support/certificates.ts'
import { until } from '../../../support/waiting.ts'
import { ContentType, fragmentsOf, HandshakeType, handshakeMessage, record, recordsIn } from './records.ts'
import { boundSocket, send } from './udp-relay.ts'

const NOTHING = { cert: undefined, key: undefined, passphrase: undefined, alpnProtocols: undefined }

/** A connection that has said hello and nothing else; to be freed. */
async function newConnection(): Promise<DtlsConnection> {
  const client = (await loadEngine()).client({ ca: certificates.ca, ...NOTHING })
  try {
    return client.connect('localhost')
  } finally {
    client.free()
  }
}

/** A ClientHello; with a cookie, the second one of a handshake. */
export async function clientHello(cookie?: Uint8Array): Promise<Buffer> {
  const connection = await newConnection()
  try {
    const first = Buffer.from(connection.takeAll())
    if (cookie === undefined) return first
    const request = record({ type: ContentType.HANDSHAKE }, helloVerifyRequest(cookie))
    connection.receive(request, Buffer.alloc(request.length))
    return Buffer.from(connection.takeAll())
  } finally {
    connection.free()
  }
}

function helloVerifyRequest(cookie: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.of(0xfe, 0xff, cookie.length), cookie])
  return handshakeMessage(HandshakeType.HELLO_VERIFY_REQUEST, 0, body)
}

/** A client played by hand: it proves where it is, and then says nothing more. */
export class HandClient {
  readonly #socket: Socket
  #connection: DtlsConnection
  readonly #port: number
  readonly answers: Buffer[] = []

  static async open(t: TestContext, address: string, host?: string): Promise<HandClient> {
    const socket = await boundSocket(host)
    t.after(() => socket.close())
    const client = new HandClient(socket, await newConnection(), Number(new URL(address).port))
    t.after(() => client.#connection.free())
    return client
  }

  private constructor(socket: Socket, connection: DtlsConnection, port: number) {
    this.#socket = socket
    this.#connection = connection
    this.#port = port
    socket.on('message', datagram => this.answers.push(datagram))
  }

  /** Where it is, as a listener calls it. */
  get address(): string {
    const { address, port } = this.#socket.address()
    return `dtls-sctp://${address}:${port}`
  }

  /** Begins another handshake, from the same address. */
  async beginAnew(): Promise<void> {
    this.#connection.free()
    this.#connection = await newConnection()
    this.answers.length = 0
    await this.begin()
  }

  /** Says hello, and again with the cookie; returns the type of the record that is answered. */
  async begin(): Promise<number> {
    await this.send(this.#connection.takeAll())
    await this.send(await this.secondHello())
    return (await this.#next(1))[0]!
  }

  /** The ClientHello with the cookie that has been answered. */
  async secondHello(): Promise<Buffer> {
    const answer = await this.#next(0)
    if (fragmentsOf(answer, HandshakeType.HELLO_VERIFY_REQUEST).length === 0) throw new Error('no cookie')
    for (const each of recordsIn(answer)) this.#connection.receive(each, Buffer.alloc(each.length))
    return Buffer.from(this.#connection.takeAll())
  }

  /** Only the first hello, for who goes on by hand. */
  firstHello(): Buffer {
    return Buffer.from(this.#connection.takeAll())
  }

  /** Goes on with the handshake until it is done. */
  async finish(): Promise<void> {
    for (let i = 1; !this.#connection.isUp; i++) {
      for (const each of recordsIn(await this.#next(i))) {
        this.#connection.receive(each, Buffer.alloc(each.length))
      }
      const flight = this.#connection.takeAll()
      if (flight.length > 0) await this.send(flight)
    }
  }

  send(datagram: Uint8Array): Promise<void> {
    return send(this.#socket, datagram, this.#port)
  }

  async #next(index: number): Promise<Buffer> {
    await until(() => this.answers.length > index, 'an answer')
    return this.answers[index]!
  }
}
