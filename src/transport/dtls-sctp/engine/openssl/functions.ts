import type { NativeFunction, NativeLibrary, NativeType, Signature } from '../native-library.ts'

const takes = (result: NativeType, ...takes: NativeType[]): Signature => ({ result, takes })

/** The functions of OpenSSL 3 that are used, all of them documented, by their signatures. */
const signatures = {
  OpenSSL_version: takes('text', 'int'),
  ERR_clear_error: takes('void'),
  ERR_get_error: takes('ulong'),
  ERR_reason_error_string: takes('text', 'ulong'),

  DTLS_client_method: takes('pointer'),
  DTLS_server_method: takes('pointer'),
  SSL_CTX_new: takes('pointer', 'pointer'),
  SSL_CTX_free: takes('void', 'pointer'),
  SSL_CTX_ctrl: takes('long', 'pointer', 'int', 'long', 'pointer'),
  SSL_CTX_set_options: takes('u64', 'pointer', 'u64'),
  SSL_CTX_set_cipher_list: takes('int', 'pointer', 'text'),
  SSL_CTX_set_verify: takes('void', 'pointer', 'int', 'pointer'),
  SSL_CTX_get_cert_store: takes('pointer', 'pointer'),
  SSL_CTX_set1_cert_store: takes('void', 'pointer', 'pointer'),
  SSL_CTX_add_client_CA: takes('int', 'pointer', 'pointer'),
  SSL_CTX_use_certificate: takes('int', 'pointer', 'pointer'),
  SSL_CTX_use_PrivateKey: takes('int', 'pointer', 'pointer'),
  SSL_CTX_check_private_key: takes('int', 'pointer'),
  SSL_CTX_set_alpn_protos: takes('int', 'pointer', 'bytes', 'uint'),
  SSL_CTX_set_alpn_select_cb: takes('void', 'pointer', 'pointer', 'pointer'),
  SSL_CTX_set_cookie_generate_cb: takes('void', 'pointer', 'pointer'),
  SSL_CTX_set_cookie_verify_cb: takes('void', 'pointer', 'pointer'),

  SSL_new: takes('pointer', 'pointer'),
  SSL_free: takes('void', 'pointer'),
  SSL_ctrl: takes('long', 'pointer', 'int', 'long', 'bytes'),
  SSL_set_options: takes('u64', 'pointer', 'u64'),
  SSL_set0_rbio: takes('void', 'pointer', 'pointer'),
  SSL_set0_wbio: takes('void', 'pointer', 'pointer'),
  SSL_set_connect_state: takes('void', 'pointer'),
  SSL_set_accept_state: takes('void', 'pointer'),
  SSL_get_certificate: takes('pointer', 'pointer'),
  SSL_get_client_CA_list: takes('pointer', 'pointer'),
  SSL_get0_param: takes('pointer', 'pointer'),
  SSL_do_handshake: takes('int', 'pointer'),
  SSL_read: takes('int', 'pointer', 'bytes', 'int'),
  SSL_write: takes('int', 'pointer', 'bytes', 'int'),
  SSL_shutdown: takes('int', 'pointer'),
  SSL_get_error: takes('int', 'pointer', 'int'),
  SSL_get_verify_result: takes('long', 'pointer'),
  SSL_state_string_long: takes('text', 'pointer'),
  SSL_get_version: takes('text', 'pointer'),
  SSL_get_current_cipher: takes('pointer', 'pointer'),
  SSL_CIPHER_standard_name: takes('text', 'pointer'),
  SSL_get0_alpn_selected: takes('void', 'pointer', 'bytes', 'bytes'),
  SSL_get1_peer_certificate: takes('pointer', 'pointer'),
  DTLSv1_listen: takes('int', 'pointer', 'pointer'),
  DTLS_set_timer_cb: takes('void', 'pointer', 'pointer'),

  BIO_s_mem: takes('pointer'),
  BIO_new: takes('pointer', 'pointer'),
  BIO_new_mem_buf: takes('pointer', 'bytes', 'int'),
  BIO_free: takes('int', 'pointer'),
  BIO_ctrl: takes('long', 'pointer', 'int', 'long', 'pointer'),
  BIO_read: takes('int', 'pointer', 'bytes', 'int'),
  BIO_write: takes('int', 'pointer', 'bytes', 'int'),
  BIO_ADDR_new: takes('pointer'),
  BIO_ADDR_free: takes('void', 'pointer'),

  PEM_read_bio_X509: takes('pointer', 'pointer', 'pointer', 'pointer', 'pointer'),
  PEM_read_bio_PrivateKey: takes('pointer', 'pointer', 'pointer', 'pointer', 'bytes'),
  EVP_PKEY_free: takes('void', 'pointer'),
  X509_free: takes('void', 'pointer'),
  i2d_X509_bio: takes('int', 'pointer', 'pointer'),
  X509_STORE_new: takes('pointer'),
  X509_STORE_free: takes('void', 'pointer'),
  X509_STORE_add_cert: takes('int', 'pointer', 'pointer'),
  X509_STORE_set_default_paths: takes('int', 'pointer'),
  X509_VERIFY_PARAM_set_hostflags: takes('void', 'pointer', 'uint'),
  X509_VERIFY_PARAM_set1_host: takes('int', 'pointer', 'text', 'size'),
  X509_VERIFY_PARAM_set1_ip_asc: takes('int', 'pointer', 'text'),
  X509_verify_cert_error_string: takes('text', 'long'),
} satisfies Record<string, Signature>

export type OpenSslFunctions = { readonly [Name in keyof typeof signatures]: NativeFunction }

/** @throws Error that names the first function that is missing */
export function loadFunctions(library: NativeLibrary): OpenSslFunctions {
  const load = ([name, signature]: [string, Signature]): [string, NativeFunction] => [
    name,
    library.function(name, signature),
  ]
  return Object.fromEntries(Object.entries(signatures).map(load)) as OpenSslFunctions
}
