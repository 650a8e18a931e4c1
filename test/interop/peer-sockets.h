/* Ports, the stack and its sockets. */

static void fail(const char *what) {
  printf("failed %s %d\n", what, errno);
  exit(1);
}

static struct sockaddr_in loopback(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/* The stack must be told a number, so one is looked for and given back at once. */
static uint16_t free_udp_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  int probe = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(probe, (struct sockaddr *)&address, length) != 0) fail("bind");
  if (getsockname(probe, (struct sockaddr *)&address, &length) != 0) fail("getsockname");
  close(probe);
  return ntohs(address.sin_port);
}

/* Whether the stack has the port: it goes on without saying so if somebody else has it. */
static int is_bound(uint16_t udp) {
  for (int descriptor = 0; descriptor < 64; descriptor++) {
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) != 0) continue;
    if (address.sin_family == AF_INET && ntohs(address.sin_port) == udp) return 1;
  }
  return 0;
}

static void start_stack(uint16_t udp, const struct options *options) {
  usrsctp_init(udp, NULL, NULL);
  errno = EADDRINUSE;
  if (!is_bound(udp)) fail("udp");
  usrsctp_sysctl_set_sctp_no_csum_on_loopback(0); /* checksums also here */
  if (options->heartbeat != 0) usrsctp_sysctl_set_sctp_heartbeat_interval_default(options->heartbeat);
  if (options->rto == 0) return;
  usrsctp_sysctl_set_sctp_rto_initial_default(options->rto);
  usrsctp_sysctl_set_sctp_rto_min_default(options->rto);
}

/* Lets it answer what comes late. Not for ever: sometimes it keeps a socket that was closed, and never finishes. */
static void finish_stack(void) {
  for (int i = 0; i < 100 && usrsctp_finish() != 0; i++) usleep(10000);
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
static void set_packet_size(struct socket *socket, unsigned bytes) {
  struct sctp_paddrparams path = {.spp_pathmtu = bytes - 12, .spp_flags = SPP_PMTUD_DISABLE};
  path.spp_address.ss_family = AF_INET;
  set_option(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
}

static struct socket *open_socket(const struct options *options) {
  struct socket *socket = usrsctp_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  if (socket == NULL) fail("socket");
  int size = options->receive_buffer;
  if (size != 0) set_option(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  size = options->send_buffer;
  if (size != 0) set_option(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  int on = 1;
  set_option(socket, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
  if (options->packet != 0) set_packet_size(socket, options->packet);
  ask_for_events(socket);
  struct sockaddr_in address = loopback(options->sctp);
  if (usrsctp_bind(socket, (struct sockaddr *)&address, sizeof address) != 0) fail("bind");
  if (options->server && usrsctp_listen(socket, 1) != 0) fail("listen");
  return socket;
}

static uint16_t bound_port(struct socket *socket) {
  struct sockaddr *addresses;
  if (usrsctp_getladdrs(socket, 0, &addresses) < 1) fail("getladdrs");
  uint16_t port = ntohs(((struct sockaddr_in *)addresses)->sin_port);
  usrsctp_freeladdrs(addresses);
  return port;
}

static struct socket *accept_one(struct socket *listening) {
  struct socket *connected = usrsctp_accept(listening, NULL, NULL);
  if (connected == NULL) fail("accept");
  return connected;
}

static void connect_to_peer(struct socket *socket, const struct options *options) {
  struct sctp_udpencaps encapsulation = {.sue_port = htons(options->peer_udp)};
  encapsulation.sue_address.ss_family = AF_INET;
  set_option(socket, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &encapsulation, sizeof encapsulation);
  struct sockaddr_in address = loopback(options->peer_sctp);
  if (usrsctp_connect(socket, (struct sockaddr *)&address, sizeof address) == 0) return;
  printf("refused %d\n", errno);
  exit(0);
}
