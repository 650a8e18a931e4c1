/* From a UDP socket to a DTLS connection. */

static void on_alert(const SSL *ssl, int where, int alert) {
  (void)ssl;
  if (where != SSL_CB_READ_ALERT) return;
  if ((alert & 0xff) == SSL_AD_CLOSE_NOTIFY) printf("close-notify\n");
  else printf("alert %s\n", SSL_alert_desc_string_long(alert));
}

static unsigned first_timeout; /* of the handshake, in microseconds; 0 is OpenSSL's */

static unsigned next_timeout(SSL *ssl, unsigned last) {
  (void)ssl;
  return last == 0 ? first_timeout : last * 2;
}

static int udp_socket(uint16_t port) {
  struct sockaddr_in address = loopback(port);
  int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  int room = 4 << 20;
  setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room); /* or as much as the system lets it have */
  if (bind(udp, (struct sockaddr *)&address, sizeof address) != 0) fail("udp");
  return udp;
}

static uint16_t udp_port(int udp) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  if (getsockname(udp, (struct sockaddr *)&address, &length) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

static SSL *new_connection(SSL_CTX *context, int udp, unsigned rto) {
  SSL *ssl = SSL_new(context);
  BIO *bio = BIO_new_dgram(udp, BIO_NOCLOSE);
  if (ssl == NULL || bio == NULL) fail("openssl");
  SSL_set_bio(ssl, bio, bio);
  SSL_set_info_callback(ssl, on_alert);
  SSL_set_mtu(ssl, dtls.handshake);
  first_timeout = rto * 1000;
  if (rto != 0) DTLS_set_timer_cb(ssl, next_timeout);
  return ssl;
}

static int wait_readable(int udp, int milliseconds) {
  struct pollfd one = {.fd = udp, .events = POLLIN};
  return poll(&one, 1, milliseconds);
}

static void bind_to_peer(SSL *ssl, int udp, BIO_ADDR *peer) {
  if (BIO_connect(udp, peer, BIO_SOCK_NONBLOCK) != 1) fail("connect");
  BIO_ctrl(SSL_get_rbio(ssl), BIO_CTRL_DGRAM_SET_CONNECTED, 0, peer);
}

/* Until the first client has sent its cookie back. */
static void await_client(SSL *ssl, int udp) {
  BIO_ADDR *peer = BIO_ADDR_new();
  int listened;
  while ((listened = DTLSv1_listen(ssl, peer)) == 0) wait_readable(udp, -1);
  if (listened < 0) fail("listen");
  bind_to_peer(ssl, udp, peer);
  BIO_ADDR_free(peer);
}

static void find_server(SSL *ssl, int udp, uint16_t port) {
  struct in_addr address = {htonl(INADDR_LOOPBACK)};
  BIO_ADDR *peer = BIO_ADDR_new();
  BIO_ADDR_rawmake(peer, AF_INET, &address, sizeof address, htons(port));
  bind_to_peer(ssl, udp, peer);
  BIO_ADDR_free(peer);
  if (dtls.name != NULL) demand_name(ssl);
  SSL_set_connect_state(ssl);
}

static void handshake_failed(SSL *ssl, const char *otherwise) {
  unsigned long error = ERR_peek_error();
  const char *reason = error == 0 ? otherwise : ERR_reason_error_string(error);
  if (ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    reason = X509_verify_cert_error_string(SSL_get_verify_result(ssl));
  }
  printf("dtls-failed %s\n", reason != NULL ? reason : "for no known reason");
  exit(1);
}

/* Waits for the other end, and repeats what it has sent when that is due. */
static void wait_in_handshake(SSL *ssl, int udp) {
  struct timeval left;
  int timed = DTLSv1_get_timeout(ssl, &left);
  wait_readable(udp, timed ? left.tv_sec * 1000 + left.tv_usec / 1000 + 1 : -1);
  if (DTLSv1_handle_timeout(ssl) < 0) handshake_failed(ssl, "timeout");
}

/* The system tells that nobody has the other end's port before it gives what came from there, so that is read first. */
static void shake_hands(SSL *ssl, int udp) {
  int gone = 0;
  for (;;) {
    ERR_clear_error();
    errno = 0;
    int result = SSL_do_handshake(ssl);
    if (result == 1) return;
    int error = SSL_get_error(ssl, result);
    if (error == SSL_ERROR_SYSCALL && errno == ECONNREFUSED) {
      gone = 1;
      continue;
    }
    if (error != SSL_ERROR_WANT_READ) handshake_failed(ssl, strerror(errno));
    if (gone && !SSL_is_server(ssl)) refused(ECONNREFUSED);
    if (gone) handshake_failed(ssl, "the client is gone");
    wait_in_handshake(ssl, udp);
  }
}

static void show_connection(SSL *ssl) {
  char name[256] = "-";
  X509 *certificate = SSL_get0_peer_certificate(ssl);
  if (certificate != NULL) {
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  }
  printf("dtls %s\n", name);
  printf("suite %s\n", SSL_get_cipher_name(ssl));
  const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (SSL_is_server(ssl) && asked != NULL) printf("asked for %s\n", asked);
}
