/* The way between two benchmark peers that speak over UDP: "relay PORT LARGEST LOST_PER_MILLION SEED". Passes datagrams
 * from whoever sends first to 127.0.0.1:PORT and back, many per system call, and drops those of more than LARGEST bytes,
 * and of the others so many in a million, by numbers that follow from the seed. Prints "port N". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64
#define ROOM_BYTES 65536
#define BUFFER_BYTES (4 * 1024 * 1024)

static unsigned char room[BATCH][ROOM_BYTES];

struct way {
  int from, to;
  uint64_t random;
};

static void check(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
  exit(1);
}

static struct sockaddr_in loopback(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int open_socket(void) {
  int file = socket(AF_INET, SOCK_DGRAM, 0);
  int bytes = BUFFER_BYTES;
  struct sockaddr_in any_port = loopback(0);
  check(file >= 0 && bind(file, (struct sockaddr *)&any_port, sizeof any_port) == 0, "socket");
  setsockopt(file, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(file, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  return file;
}

/* Whoever sends first is the one that is answered from then on. */
static void wait_for_first(int file) {
  struct sockaddr_in first;
  socklen_t length = sizeof first;
  check(recvfrom(file, room[0], ROOM_BYTES, MSG_PEEK, (struct sockaddr *)&first, &length) >= 0, "first datagram");
  check(connect(file, (struct sockaddr *)&first, sizeof first) == 0, "connect");
}

/* xorshift64* */
static uint32_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (*state * UINT64_C(2685821657736338717)) >> 32;
}

/* The first numbers of states that are much alike are so, too. */
static struct way way_of(int from, int to, uint64_t state) {
  struct way way = {from, to, state};
  for (int i = 0; i < 64; i++) next_random(&way.random);
  return way;
}

/* Passes what waits on one side. */
static void pass(struct way *way, size_t largest, uint32_t lost_per_million) {
  static struct mmsghdr received[BATCH], kept[BATCH];
  static struct iovec parts[BATCH];
  for (int i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){room[i], ROOM_BYTES};
    received[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
  int count = recvmmsg(way->from, received, BATCH, MSG_DONTWAIT, NULL);
  int passed = 0;
  for (int i = 0; i < count; i++) {
    if (received[i].msg_len > largest || next_random(&way->random) % 1000000 < lost_per_million) continue;
    parts[i].iov_len = received[i].msg_len;
    kept[passed++] = received[i];
  }
  for (int sent = 0; sent < passed;) {
    int done = sendmmsg(way->to, kept + sent, passed - sent, 0);
    if (done <= 0) break; /* nobody is there any longer */
    sent += done;
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  size_t largest = strtoul(argv[2], NULL, 10);
  uint32_t lost_per_million = strtoul(argv[3], NULL, 10);
  uint64_t seed = strtoull(argv[4], NULL, 10);

  alarm(180); /* whatever becomes of the other processes, this one ends */
  int front = open_socket(), back = open_socket();
  struct sockaddr_in address = loopback(atoi(argv[1]));
  socklen_t length = sizeof address;
  check(connect(back, (struct sockaddr *)&address, sizeof address) == 0, "connect");
  check(getsockname(front, (struct sockaddr *)&address, &length) == 0, "port");
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  wait_for_first(front);

  struct way there = way_of(front, back, 2 * seed + 1), home = way_of(back, front, 2 * seed + 2);
  struct pollfd files[] = {{front, POLLIN, 0}, {back, POLLIN, 0}};
  while (poll(files, 2, -1) > 0) {
    if (files[0].revents) pass(&there, largest, lost_per_million);
    if (files[1].revents) pass(&home, largest, lost_per_million);
  }
  return 0;
}
