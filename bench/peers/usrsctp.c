/* The benchmark's peer on usrsctp, SCTP over UDP: "receive BYTES COUNT WARMUP RING [PACKET]" or
 * "send ADDRESS BYTES COUNT WARMUP RING [PACKET]". One user message per message, in order, on one stream. PACKET is the
 * largest packet to send, in bytes; without it, usrsctp takes what it takes by itself.
 * Set for the sake of its speed: buffers of 4 MiB, no limit to a burst. And both ends compute the checksum, as they do
 * beyond loopback, and as ours do.
 * Lines on standard output: "address A", "elapsed MS", "usage CPU_MS PEAK_BYTES". */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <usrsctp.h>

#define SCTP_PORT 5001
#define BUFFER_BYTES (4 * 1024 * 1024)
/* The path's MTU is given to usrsctp without the header of an SCTP packet. */
#define HEADER_BYTES 12
#define MOST_FILES 64

struct flow {
  size_t bytes;
  long count, warm_up, ring;
  uint32_t packet_bytes;
};

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

/* The peak is read where Linux shows it: getrusage would give that of the process that started this one. */
static void print_usage(void) {
  char line[256];
  long peak_kb = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) sscanf(line, "VmHWM: %ld kB", &peak_kb);
  if (status != NULL) fclose(status);
  printf("usage %f %ld\n", clock() * 1e3 / CLOCKS_PER_SEC, peak_kb * 1024);
}

static void put_place(unsigned char *data, uint32_t place) {
  data[0] = place >> 24;
  data[1] = place >> 16;
  data[2] = place >> 8;
  data[3] = place;
}

static uint32_t get_place(const unsigned char *data) {
  return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static void check(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "usrsctp: %s: %s\n", what, strerror(errno));
  exit(1);
}

static struct sockaddr_in loopback(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static uint16_t port_of(int file) {
  struct sockaddr_in address = {0};
  socklen_t length = sizeof address;
  if (getsockname(file, (struct sockaddr *)&address, &length) != 0 || address.sin_family != AF_INET) return 0;
  return ntohs(address.sin_port);
}

/* usrsctp wants to be told a UDP port: one that is free now. */
static uint16_t free_udp_port(void) {
  int file = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = loopback(0);
  check(file >= 0 && bind(file, (struct sockaddr *)&address, sizeof address) == 0, "a UDP port");
  uint16_t port = port_of(file);
  close(file);
  return port;
}

/* usrsctp gives its UDP socket a buffer of 128 KiB, which is less than a window: it gets as much as ours. */
static void enlarge_udp_socket(uint16_t port) {
  int bytes = BUFFER_BYTES;
  for (int file = 0; file < MOST_FILES; file++) {
    if (port_of(file) != port) continue;
    setsockopt(file, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(file, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
}

static struct socket *open_socket(uint32_t packet_bytes) {
  struct socket *sock = usrsctp_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  check(sock != NULL, "socket");
  int bytes = BUFFER_BYTES;
  check(usrsctp_setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0, "SO_RCVBUF");
  check(usrsctp_setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0, "SO_SNDBUF");
  if (packet_bytes == 0) return sock;
  struct sctp_paddrparams path = {.spp_pathmtu = packet_bytes - HEADER_BYTES, .spp_flags = SPP_PMTUD_DISABLE};
  path.spp_address.ss_family = AF_INET;
  check(usrsctp_setsockopt(sock, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path) == 0, "path MTU");
  return sock;
}

/* A large message may come in parts. Returns its length. */
static size_t receive_message(struct socket *sock, unsigned char *data, size_t room) {
  size_t length = 0;
  for (int flags = 0; (flags & MSG_EOR) == 0;) {
    socklen_t from_length = 0, info_length = 0;
    unsigned int info_type = 0;
    flags = 0;
    ssize_t part = usrsctp_recvv(sock, data + length, room - length, NULL, &from_length, NULL, &info_length,
                                 &info_type, &flags);
    check(part > 0, "receive");
    length += part;
  }
  return length;
}

static void receive_flow(struct socket *sock, const struct flow *flow) {
  double start = now_ms();
  unsigned char *data = malloc(flow->bytes + 1);
  for (long i = 0; i < flow->warm_up + flow->count; i++) {
    size_t length = receive_message(sock, data, flow->bytes + 1);
    if (length != flow->bytes || get_place(data) != (uint32_t)(i % flow->ring)) {
      fprintf(stderr, "message %ld is not the one expected\n", i);
      exit(1);
    }
    if (i + 1 == flow->warm_up) start = now_ms();
  }
  printf("elapsed %f\n", now_ms() - start);
  fflush(stdout);
  free(data);
}

/* The messages that are sent differ, and lie in as much memory as those of the other peers. */
static void send_flow(struct socket *sock, const struct flow *flow) {
  size_t bytes = flow->bytes;
  unsigned char *data = malloc(flow->ring * bytes);
  for (long place = 0; place < flow->ring; place++) {
    memset(data + place * bytes, place, bytes);
    put_place(data + place * bytes, place);
  }
  for (long i = 0; i < flow->warm_up + flow->count; i++) {
    ssize_t sent = usrsctp_sendv(sock, data + i % flow->ring * bytes, bytes, NULL, 0, NULL, 0, SCTP_SENDV_NOINFO, 0);
    check(sent == (ssize_t)bytes, "send");
  }
  free(data);
}

/* Waits until the peer has everything and has closed. */
static void finish(struct socket *sock) {
  char byte;
  socklen_t from_length = 0, info_length = 0;
  unsigned int info_type = 0;
  int flags = 0;
  usrsctp_shutdown(sock, SHUT_WR);
  while (usrsctp_recvv(sock, &byte, 1, NULL, &from_length, NULL, &info_length, &info_type, &flags) > 0) continue;
  usrsctp_close(sock);
}

static void run_receiver(uint16_t udp_port, const struct flow *flow) {
  struct socket *listener = open_socket(flow->packet_bytes);
  struct sockaddr_in address = loopback(SCTP_PORT);
  check(usrsctp_bind(listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
  check(usrsctp_listen(listener, 1) == 0, "listen");
  printf("address sctp://127.0.0.1:%d?udp=%d\n", SCTP_PORT, udp_port);
  fflush(stdout);
  struct socket *sock = usrsctp_accept(listener, NULL, NULL);
  check(sock != NULL, "accept");
  receive_flow(sock, flow);
  finish(sock);
  usrsctp_close(listener);
}

static void run_sender(const char *address, const struct flow *flow) {
  unsigned int sctp_port, udp_port;
  check(sscanf(address, "sctp://127.0.0.1:%u?udp=%u", &sctp_port, &udp_port) == 2, "address");
  struct socket *sock = open_socket(flow->packet_bytes);
  struct sctp_udpencaps encapsulation = {.sue_port = htons(udp_port)};
  encapsulation.sue_address.ss_family = AF_INET;
  check(usrsctp_setsockopt(sock, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &encapsulation, sizeof encapsulation) == 0,
        "UDP port");
  struct sockaddr_in peer = loopback(sctp_port);
  check(usrsctp_connect(sock, (struct sockaddr *)&peer, sizeof peer) == 0, "connect");
  send_flow(sock, flow);
  finish(sock);
}

int main(int argc, char **argv) {
  int sending = (argc == 7 || argc == 8) && strcmp(argv[1], "send") == 0;
  int receiving = (argc == 6 || argc == 7) && strcmp(argv[1], "receive") == 0;
  if (!sending && !receiving) return 2;
  char **rest = argv + (sending ? 3 : 2);
  struct flow flow = {strtoul(rest[0], NULL, 10), atol(rest[1]), atol(rest[2]), atol(rest[3]),
                      rest[4] == NULL ? 0 : atol(rest[4])};

  alarm(180); /* whatever becomes of the other processes, this one ends */
  uint16_t udp_port = free_udp_port();
  usrsctp_init(udp_port, NULL, NULL);
  usrsctp_sysctl_set_sctp_max_burst_default(0);
  usrsctp_sysctl_set_sctp_no_csum_on_loopback(0);
  enlarge_udp_socket(udp_port);
  if (sending) run_sender(argv[2], &flow);
  else run_receiver(udp_port, &flow);
  print_usage();
  return 0; /* usrsctp_finish would wait for its timers */
}
