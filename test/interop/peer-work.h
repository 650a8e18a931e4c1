/* What the peer does with an association. */

#define ROOM 65536

static int send_message(struct socket *socket, const uint8_t *bytes, size_t length, struct tally *sent) {
  if (usrsctp_sendv(socket, bytes, length, NULL, 0, NULL, 0, SCTP_SENDV_NOINFO, 0) != (ssize_t)length) return 0;
  count_bytes(sent, bytes, length);
  return 1;
}

static void send_abort(struct socket *socket) {
  struct sctp_sndinfo about = {.snd_flags = SCTP_ABORT};
  if (usrsctp_sendv(socket, "bye", 3, NULL, 0, &about, sizeof about, SCTP_SENDV_SNDINFO, 0) < 0) fail("abort");
}

static void end(struct socket *socket, enum ending ending) {
  switch (ending) {
    case END_FOLLOWS: break;
    case END_SHUTDOWN: usrsctp_shutdown(socket, SHUT_WR); break;
    case END_ABORT: send_abort(socket); break;
    case END_HOLD: printf("holding\n"); break;
    case END_CLOSE: close_carrier();
  }
}

/* Takes what comes, gives it back if `sent` is there, and does the end when it has taken as much as it should. */
static void take(struct socket *socket, const struct options *options, struct tally *sent) {
  static uint8_t buffer[ROOM];
  struct received received = {.tally = EMPTY_TALLY};
  int ended = 0;
  for (;;) {
    size_t length = receive(socket, buffer, ROOM, &received);
    if (length == 0) break;
    if (sent != NULL) send_message(socket, buffer, length, sent);
    if (ended || options->bytes == 0 || received.tally.bytes < options->bytes) continue;
    end(socket, options->end);
    ended = 1;
  }
  show_received(&received);
}

static void *take_all(void *socket) {
  static const struct options endless;
  take(socket, &endless, NULL);
  return NULL;
}

static struct tally send_all(struct socket *socket, const struct options *options) {
  struct tally sent = EMPTY_TALLY;
  struct pattern pattern = {.data = options->data};
  uint64_t rest = options->count * (FRAME_HEADER + (uint64_t)options->data);
  uint8_t *message = malloc(options->message);
  while (rest > 0) {
    size_t length = rest < options->message ? rest : options->message;
    for (size_t i = 0; i < length; i++) message[i] = next_byte(&pattern);
    if (!send_message(socket, message, length, &sent)) break;
    rest -= length;
  }
  free(message);
  return sent;
}

/* Reads all the while, so that events are seen as they come. */
static void give(struct socket *socket, const struct options *options) {
  pthread_t reader;
  if (pthread_create(&reader, NULL, take_all, socket) != 0) fail("thread");
  struct tally sent = send_all(socket, options);
  printf("sent %lu %016lx\n", sent.bytes, sent.hash);
  end(socket, options->end);
  pthread_join(reader, NULL);
}

static void work(struct socket *socket, const struct options *options) {
  struct tally echoed = EMPTY_TALLY;
  switch (options->mode) {
    case ECHO: take(socket, options, &echoed); break;
    case SINK: take(socket, options, NULL); break;
    case SOURCE: give(socket, options); break;
  }
  if (options->mode == ECHO) printf("sent %lu %016lx\n", echoed.bytes, echoed.hash);
}
