/* An association over DTLS, from its beginning to its end. */

static struct socket *accepted(struct socket *listening) {
  struct socket *association = usrsctp_accept(listening, NULL, NULL);
  if (association == NULL && errno != EWOULDBLOCK) fail("accept");
  return association;
}

/* Also where it could not connect. */
static struct socket *connected(struct socket *connecting) {
  return usrsctp_get_events(connecting) == 0 ? NULL : connecting;
}

/* Asks again and again, because what waits in the stack does not notice that DTLS has ended. */
static struct socket *await_association(struct socket *socket, struct socket *(*found)(struct socket *)) {
  struct socket *association;
  for (;;) {
    pthread_mutex_lock(&carrier.stack);
    association = carrier.association = found(socket);
    int over = carrier.peer_closed;
    pthread_mutex_unlock(&carrier.stack);
    if (association != NULL) break;
    if (over) exit(0);
    usleep(1000);
  }
  usrsctp_set_non_blocking(association, 0);
  return association;
}

static void end_association(struct socket *association) {
  pthread_mutex_lock(&carrier.stack);
  carrier.association = NULL;
  pthread_mutex_unlock(&carrier.stack);
  usrsctp_close(association);
}

/* 0, or why it could not. */
static int connect_carried(struct socket *socket, uint16_t port) {
  union sctp_sockstore address = stack_address(port);
  int cause = 0;
  socklen_t length = sizeof cause;
  if (usrsctp_connect(socket, &address.sa, address_length(&address)) != 0 && errno != EINPROGRESS) return errno;
  await_association(socket, connected);
  if (usrsctp_getsockopt(socket, SOL_SOCKET, SO_ERROR, &cause, &length) != 0) fail("getsockopt");
  return cause;
}

static struct socket *carried_association(struct socket *socket, const struct options *options) {
  usrsctp_set_non_blocking(socket, 1);
  if (options->server) return await_association(socket, accepted);
  int cause = connect_carried(socket, options->peer_sctp);
  if (cause == 0) return socket;
  stop_carrier();
  refused(cause);
  return NULL;
}
