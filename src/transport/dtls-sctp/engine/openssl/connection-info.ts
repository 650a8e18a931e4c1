import type { DtlsInfo } from '../dtls-engine.ts'
import type { Pointer } from '../native-library.ts'
import { BioCtrl } from './constants.ts'
import type { OpenSsl } from './openssl.ts'

/** What the handshake of an `SSL` has shown. */
export function connectionInfo(openssl: OpenSsl, connection: Pointer): DtlsInfo {
  const { ssl } = openssl
  return {
    protocol: ssl.SSL_get_version(connection),
    cipher: ssl.SSL_CIPHER_standard_name(ssl.SSL_get_current_cipher(connection)),
    alpnProtocol: alpnProtocol(openssl, connection),
    certificate: peerCertificate(openssl, connection),
  }
}

function alpnProtocol({ ssl, library }: OpenSsl, connection: Pointer): string | undefined {
  const pointer = Buffer.alloc(8)
  const length = Buffer.alloc(4)
  ssl.SSL_get0_alpn_selected(connection, pointer, length)
  const byteLength = new Uint32Array(length.buffer, length.byteOffset, 1)[0]!
  if (byteLength === 0) return undefined
  return Buffer.from(library.read(library.pointerIn(pointer), byteLength)).toString()
}

/** DER. */
function peerCertificate({ ssl, objects }: OpenSsl, connection: Pointer): Uint8Array | undefined {
  const pointer: Pointer | null = ssl.SSL_get1_peer_certificate(connection)
  if (pointer === null) return undefined
  const certificate = objects.own(pointer, ssl.X509_free, 'X509')
  try {
    const bio = objects.own(ssl.BIO_new(ssl.BIO_s_mem()), ssl.BIO_free, 'BIO')
    try {
      ssl.i2d_X509_bio(bio.pointer, certificate.pointer)
      const der = new Uint8Array(Number(ssl.BIO_ctrl(bio.pointer, BioCtrl.PENDING, 0, 0n)))
      ssl.BIO_read(bio.pointer, der, der.length)
      return der
    } finally {
      bio.free()
    }
  } finally {
    certificate.free()
  }
}
