import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** What a certificate says. */
export interface CertificateContent {
  /** The common name of its owner. */
  readonly name: string
  /** `DNS:name`, `IP:address` or `email:address`; none leaves the extension out. */
  readonly altNames?: readonly string[]
  /** Who signs it; itself if absent. */
  readonly issuer?: Made
  /** Whether it is one of an authority, and how many more may stand below it. */
  readonly authority?: boolean
  readonly pathLength?: number
  /** Further extensions, DER. */
  readonly extensions?: readonly Uint8Array[]
  readonly from?: Date
  readonly to?: Date
  /** Default: an elliptic curve, P-256. */
  readonly rsaBits?: number
}

/** A certificate and its key, PEM, and what it takes to sign others. */
export interface Made {
  readonly cert: string
  readonly key: string
  readonly content: CertificateContent
  readonly privateKey: KeyObject
}

const DAY_MS = 86_400_000
const ECDSA_SHA256 = [1, 2, 840, 10_045, 4, 3, 2]
const RSA_SHA256 = [1, 2, 840, 113_549, 1, 1, 11]
const COMMON_NAME = [2, 5, 4, 3]
const ALT_NAMES = [2, 5, 29, 17]
const BASIC_CONSTRAINTS = [2, 5, 29, 19]

/** Makes certificates that no tool would make. RFC 5280 in as few lines as the tests need. */
export function makeCertificate(content: CertificateContent): Made {
  const { publicKey, privateKey } =
    content.rsaBits === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('rsa', { modulusLength: content.rsaBits })
  const issuer = content.issuer ?? { content, privateKey }
  const algorithm = algorithmOf(issuer.privateKey)
  const body = sequence(
    tagged(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, Buffer.concat([Uint8Array.of(1), randomBytes(8)])),
    algorithm,
    nameOf(issuer.content),
    sequence(
      time(content.from ?? new Date(Date.now() - DAY_MS)),
      time(content.to ?? new Date(Date.now() + DAY_MS)),
    ),
    nameOf(content),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensionsOf(content))),
  )
  const signature = sign('sha256', body, issuer.privateKey)
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Uint8Array.of(0), signature])))
  return {
    cert: pem(certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    content,
    privateKey,
  }
}

/** An extension, its value DER. */
export function extension(id: readonly number[], critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [der(0x01, Uint8Array.of(0xff))] : []
  return sequence(objectId(id), ...flag, der(0x04, value))
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return der(0x30, Buffer.concat(parts))
}

export function objectId([first = 0, second = 0, ...rest]: readonly number[]): Uint8Array {
  const digits = (value: number): number[] =>
    value < 128 ? [value] : [...digits(value >> 7).map(each => each | 0x80), value & 0x7f]
  return der(0x06, Uint8Array.from([first * 40 + second, ...rest.flatMap(digits)]))
}

/** A value with its tag and length. */
export function der(tag: number, value: Uint8Array): Uint8Array {
  const { length } = value
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Uint8Array.of(tag, ...head), value])
}

const tagged = der

function algorithmOf(key: KeyObject): Uint8Array {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(objectId(RSA_SHA256), der(0x05, Uint8Array.of()))
    : sequence(objectId(ECDSA_SHA256))
}

function nameOf({ name }: CertificateContent): Uint8Array {
  return sequence(der(0x31, sequence(objectId(COMMON_NAME), der(0x0c, Buffer.from(name)))))
}

function extensionsOf({
  altNames = [],
  authority = false,
  pathLength,
  extensions = [],
}: CertificateContent): Uint8Array[] {
  const limit = pathLength === undefined ? [] : [der(0x02, Uint8Array.of(pathLength))]
  const constraints = authority ? [der(0x01, Uint8Array.of(0xff)), ...limit] : []
  const own = [extension(BASIC_CONSTRAINTS, true, sequence(...constraints))]
  if (altNames.length > 0) own.push(extension(ALT_NAMES, false, sequence(...altNames.map(altName))))
  return [...own, ...extensions]
}

function altName(text: string): Uint8Array {
  const at = text.indexOf(':')
  const [kind, value] = [text.slice(0, at), text.slice(at + 1)]
  if (kind === 'IP') return der(0x87, Uint8Array.from(value.split('.').map(Number)))
  return der(kind === 'email' ? 0x81 : 0x82, Buffer.from(value, 'latin1'))
}

function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/\D/g, '').slice(0, 14)
  return der(0x18, Buffer.from(`${digits}Z`))
}

function pem(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
