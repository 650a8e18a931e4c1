/* What carries the packets: DTLS (RFC 8261), each packet in a record of its own. The stack runs without threads, so that
 * it is known when nothing is given to it any more; one thread here gives it packets and the time. */

#define TICK 10 /* ms */

static struct {
  SSL *ssl;
  int udp;
  pthread_t thread;
  pthread_mutex_t records; /* who holds it may use `ssl`; the stack sends from any thread */
  pthread_mutex_t stack;   /* who holds it may use the rest, give the stack packets and the time, and finish it */
  struct socket *association; /* while there is one */
  int finished;
  atomic_int closed;      /* by close_notify or a fatal alert, at either end: no packet passes any more */
  atomic_int peer_closed; /* at the other end */
  atomic_int peer_gone;   /* nobody has its UDP port */
  atomic_int stopped;     /* the thread ends */
} carrier = {.records = PTHREAD_MUTEX_INITIALIZER, .stack = PTHREAD_MUTEX_INITIALIZER};

/* The name by which the stack knows the one path that there is. */
static union sctp_sockstore stack_address(uint16_t port) {
  struct sockaddr_conn address = {.sconn_family = AF_CONN, .sconn_port = htons(port), .sconn_addr = &carrier};
  return (union sctp_sockstore){.sconn = address};
}

/* A packet that cannot be sent is lost, as on any network. */
static int send_packet(void *path, void *packet, size_t length, uint8_t service, uint8_t whole) {
  (void)path, (void)service, (void)whole;
  if (carrier.closed) return 0;
  pthread_mutex_lock(&carrier.records);
  BIO *bio = SSL_get_wbio(carrier.ssl);
  if (BIO_wpending(bio) + length + MOST_OVERHEAD > dtls.datagram) (void)BIO_flush(bio);
  ERR_clear_error();
  SSL_write(carrier.ssl, packet, length);
  pthread_mutex_unlock(&carrier.records);
  return 0;
}

static void start_stack(const struct options *options) {
  usrsctp_init_nothreads(0, send_packet, NULL);
  set_up_stack(options);
  usrsctp_register_address(&carrier);
}

/* What SSL_read gives; `cause` is the error of the system, if it is one. */
static int read_record(uint8_t *packet, size_t room, int *error, int *cause) {
  pthread_mutex_lock(&carrier.records);
  ERR_clear_error();
  errno = 0;
  int length = SSL_read(carrier.ssl, packet, room);
  *error = SSL_get_error(carrier.ssl, length);
  *cause = errno;
  pthread_mutex_unlock(&carrier.records);
  return length;
}

/* The next packet that has come; 0 when there is none. */
static size_t receive_packet(uint8_t *packet, size_t room) {
  int error, cause;
  for (;;) {
    int length = read_record(packet, room, &error, &cause);
    if (length > 0) return length;
    if (error != SSL_ERROR_SYSCALL || cause != ECONNREFUSED) break;
    carrier.peer_gone = 1; /* but what it has sent before is still to be read */
  }
  if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SSL) carrier.closed = carrier.peer_closed = 1;
  return 0;
}

/* Sends close_notify, once. No packet of the stack goes out behind it. */
static void close_carrier(void) {
  pthread_mutex_lock(&carrier.records);
  carrier.closed = 1;
  if ((SSL_get_shutdown(carrier.ssl) & SSL_SENT_SHUTDOWN) == 0) SSL_shutdown(carrier.ssl);
  (void)BIO_flush(SSL_get_wbio(carrier.ssl));
  pthread_mutex_unlock(&carrier.records);
}

static void give_packets(void) {
  static uint8_t packet[LARGEST_RECORD];
  for (size_t length; (length = receive_packet(packet, sizeof packet)) > 0;) {
    if (!carrier.closed && !carrier.finished) usrsctp_conninput(&carrier, packet, length, 0);
  }
}

/* An association cannot outlive what carries it. */
static void follow_close(void) {
  close_carrier();
  if (carrier.association != NULL) {
    struct sctp_sndinfo about = {.snd_flags = SCTP_ABORT};
    usrsctp_sendv(carrier.association, "", 0, NULL, 0, &about, sizeof about, SCTP_SENDV_SNDINFO, MSG_DONTWAIT);
  }
  carrier.association = NULL;
}

static uint64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void flush_records(void) {
  pthread_mutex_lock(&carrier.records);
  (void)BIO_flush(SSL_get_wbio(carrier.ssl));
  pthread_mutex_unlock(&carrier.records);
}

static void *carry(void *unused) {
  uint64_t last = milliseconds();
  while (!carrier.stopped) {
    wait_readable(carrier.udp, TICK);
    pthread_mutex_lock(&carrier.stack);
    uint64_t now = milliseconds();
    if (now != last && !carrier.finished) usrsctp_handle_timers(now - last);
    last = now;
    give_packets();
    if (carrier.peer_closed) follow_close();
    pthread_mutex_unlock(&carrier.stack);
    flush_records();
  }
  return unused;
}

/* Lets records share a datagram: they are gathered until one more would be too many, or the thread comes by. */
static void gather_records(SSL *ssl) {
  BIO *gathered = BIO_new(BIO_f_buffer()), *bio = SSL_get_wbio(ssl);
  BIO_set_write_buffer_size(gathered, 65536);
  BIO_up_ref(bio);
  SSL_set0_wbio(ssl, BIO_push(gathered, bio));
}

static void start_carrier(SSL *ssl, int udp) {
  if (dtls.datagram != 0) gather_records(ssl);
  carrier.ssl = ssl;
  carrier.udp = udp;
  if (pthread_create(&carrier.thread, NULL, carry, NULL) != 0) fail("thread");
}

static int finish_carried_stack(void) {
  pthread_mutex_lock(&carrier.stack);
  int result = usrsctp_finish();
  if (result == 0) carrier.finished = 1;
  pthread_mutex_unlock(&carrier.stack);
  return result;
}

/* Says that it is over, and waits a while for the other end to say so. */
static void stop_carrier(void) {
  close_carrier();
  for (int i = 0; i < 100 && !carrier.peer_closed && !carrier.peer_gone; i++) usleep(10000);
  carrier.stopped = 1;
  pthread_join(carrier.thread, NULL);
}
