/* What carries the packets: SCTP over UDP (RFC 6951), of which the stack takes care by itself. */

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
  set_up_stack(options);
}

static union sctp_sockstore stack_address(uint16_t port) {
  return (union sctp_sockstore){.sin = loopback(port)};
}

static struct socket *accept_one(struct socket *listening) {
  struct socket *connected = usrsctp_accept(listening, NULL, NULL);
  if (connected == NULL) fail("accept");
  return connected;
}

static void set_peer_udp(struct socket *socket, uint16_t port) {
  struct sctp_udpencaps encapsulation = {.sue_port = htons(port)};
  encapsulation.sue_address.ss_family = AF_INET;
  set_option(socket, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &encapsulation, sizeof encapsulation);
}

static void connect_to_peer(struct socket *socket, const struct options *options) {
  union sctp_sockstore address = stack_address(options->peer_sctp);
  set_peer_udp(socket, options->peer_udp);
  if (usrsctp_connect(socket, &address.sa, address_length(&address)) != 0) refused(errno);
}

static void close_carrier(void) {
  usage("end=close, but UDP has no end");
}
