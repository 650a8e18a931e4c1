/* The stack and its sockets, whatever carries the packets. */

static void fail(const char *what) {
  printf("failed %s %d\n", what, errno);
  exit(1);
}

static struct sockaddr_in loopback(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/* What it does from its start on. */
static void set_up_stack(const struct options *options) {
  usrsctp_sysctl_set_sctp_no_csum_on_loopback(0); /* checksums also here */
  if (options->heartbeat != 0) usrsctp_sysctl_set_sctp_heartbeat_interval_default(options->heartbeat);
  if (options->rto == 0) return;
  usrsctp_sysctl_set_sctp_rto_initial_default(options->rto);
  usrsctp_sysctl_set_sctp_rto_min_default(options->rto);
}

static socklen_t address_length(const union sctp_sockstore *address) {
  return address->sa.sa_family == AF_CONN ? sizeof address->sconn : sizeof address->sin;
}

static void set_option(struct socket *socket, int level, int name, const void *value, socklen_t length) {
  if (usrsctp_setsockopt(socket, level, name, value, length) != 0) fail("setsockopt");
}

static void ask_for_events(struct socket *socket) {
  static const uint16_t types[] = {SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT, SCTP_ADAPTATION_INDICATION};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    struct sctp_event event = {.se_assoc_id = SCTP_ALL_ASSOC, .se_type = types[i], .se_on = 1};
    set_option(socket, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event);
  }
  int on = 1;
  set_option(socket, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on);
}

/* Of the association that the socket begins. The stack counts a packet without its common header. */
static void set_packet_size(struct socket *socket, sa_family_t family, unsigned bytes) {
  struct sctp_paddrparams path = {.spp_pathmtu = bytes - 12, .spp_flags = SPP_PMTUD_DISABLE};
  path.spp_address.ss_family = family;
  set_option(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
}

static struct socket *open_socket(union sctp_sockstore address, const struct options *options) {
  sa_family_t family = address.sa.sa_family;
  struct socket *socket = usrsctp_socket(family, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  if (socket == NULL) fail("socket");
  int size = options->receive_buffer;
  if (size != 0) set_option(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  size = options->send_buffer;
  if (size != 0) set_option(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  int on = 1;
  set_option(socket, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
  if (options->packet != 0) set_packet_size(socket, family, options->packet);
  ask_for_events(socket);
  if (usrsctp_bind(socket, &address.sa, address_length(&address)) != 0) fail("bind");
  if (options->server && usrsctp_listen(socket, 1) != 0) fail("listen");
  return socket;
}

static uint16_t bound_port(struct socket *socket) {
  union sctp_sockstore *addresses;
  if (usrsctp_getladdrs(socket, 0, (struct sockaddr **)&addresses) < 1) fail("getladdrs");
  uint16_t port = ntohs(addresses->sa.sa_family == AF_CONN ? addresses->sconn.sconn_port : addresses->sin.sin_port);
  usrsctp_freeladdrs(&addresses->sa);
  return port;
}

static void refused(int cause) {
  printf("refused %d\n", cause);
  exit(0);
}

/* Lets it answer what comes late. Not for ever: sometimes it keeps a socket that was closed, and never finishes. */
static void finish_stack(int (*finish)(void)) {
  for (int i = 0; i < 100 && finish() != 0; i++) usleep(10000);
}
