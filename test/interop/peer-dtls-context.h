/* Who the ends are, and by which cookies a server knows that a client has its address (RFC 6347, 4.2.1). */

static uint8_t cookie_secret[32];

static int cookie_of(SSL *ssl, uint8_t *cookie, unsigned *length) {
  uint8_t address[sizeof(struct in6_addr) + sizeof(in_port_t)];
  size_t bytes = sizeof address;
  BIO_ADDR *peer = BIO_ADDR_new();
  BIO_dgram_get_peer(SSL_get_rbio(ssl), peer);
  in_port_t port = BIO_ADDR_rawport(peer);
  int known = BIO_ADDR_rawaddress(peer, address, &bytes);
  BIO_ADDR_free(peer);
  if (!known) return 0;
  memcpy(address + bytes, &port, sizeof port);
  bytes += sizeof port;
  return HMAC(EVP_sha256(), cookie_secret, sizeof cookie_secret, address, bytes, cookie, length) != NULL;
}

static int is_cookie(SSL *ssl, const uint8_t *cookie, unsigned length) {
  uint8_t expected[EVP_MAX_MD_SIZE];
  unsigned expected_length;
  if (!cookie_of(ssl, expected, &expected_length)) return 0;
  return length == expected_length && CRYPTO_memcmp(cookie, expected, length) == 0;
}

static void use_certificates(SSL_CTX *context) {
  if (dtls.cert != NULL && SSL_CTX_use_certificate_chain_file(context, dtls.cert) != 1) usage(dtls.cert);
  if (dtls.key != NULL && SSL_CTX_use_PrivateKey_file(context, dtls.key, SSL_FILETYPE_PEM) != 1) usage(dtls.key);
  if (dtls.ca == NULL) return;
  if (SSL_CTX_load_verify_file(context, dtls.ca) != 1) usage(dtls.ca);
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(dtls.ca));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

/* In the format of SSLKEYLOGFILE, which tshark reads. */
static void show_key(const SSL *ssl, const char *line) {
  (void)ssl;
  printf("key %s\n", line);
}

static SSL_CTX *new_context(int server) {
  SSL_CTX *context = SSL_CTX_new(server ? DTLS_server_method() : DTLS_client_method());
  if (context == NULL || RAND_bytes(cookie_secret, sizeof cookie_secret) != 1) fail("openssl");
  SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU);
  SSL_CTX_set_default_read_buffer_len(context, 65536); /* all of a datagram, however many records are in it */
  SSL_CTX_set_keylog_callback(context, show_key);
  SSL_CTX_set_cookie_generate_cb(context, cookie_of);
  SSL_CTX_set_cookie_verify_cb(context, is_cookie);
  if (SSL_CTX_set_cipher_list(context, dtls.suites) != 1) usage(dtls.suites);
  if (dtls.groups != NULL && SSL_CTX_set1_groups_list(context, dtls.groups) != 1) usage(dtls.groups);
  use_certificates(context);
  return context;
}

/* A host name is also what the server is asked for (RFC 6066, section 3); an IP address cannot be. */
static void demand_name(SSL *ssl) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), dtls.name) == 1) return;
  if (SSL_set1_host(ssl, dtls.name) != 1 || SSL_set_tlsext_host_name(ssl, dtls.name) != 1) usage(dtls.name);
}
