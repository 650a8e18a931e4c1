/* The benchmark's peer on libzmq: "receive BYTES COUNT WARMUP RING", "send ADDRESS BYTES COUNT WARMUP RING" or
 * "version". PUSH to PULL; every default of the library is left as it is.
 * Lines on standard output: "address A", "elapsed MS", "usage CPU_MS PEAK_BYTES", "version V". */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

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

static void print_version(void) {
  int major, minor, patch;
  zmq_version(&major, &minor, &patch);
  printf("version %d.%d.%d\n", major, minor, patch);
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
  fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

static void receive_flow(void *socket, size_t bytes, long count, long warm_up, long ring) {
  double start = now_ms();
  zmq_msg_t message;
  for (long i = 0; i < warm_up + count; i++) {
    check(zmq_msg_init(&message) == 0 && zmq_msg_recv(&message, socket, 0) >= 0, "receive");
    if (zmq_msg_size(&message) != bytes || get_place(zmq_msg_data(&message)) != (uint32_t)(i % ring)) {
      fprintf(stderr, "message %ld is not the one expected\n", i);
      exit(1);
    }
    zmq_msg_close(&message);
    if (i + 1 == warm_up) start = now_ms();
  }
  printf("elapsed %f\n", now_ms() - start);
  fflush(stdout);
}

/* The messages that are sent differ, and lie in as much memory as those of the other peers. */
static void send_flow(void *socket, size_t bytes, long count, long warm_up, long ring) {
  unsigned char *data = malloc(ring * bytes);
  for (long place = 0; place < ring; place++) {
    memset(data + place * bytes, place, bytes);
    put_place(data + place * bytes, place);
  }
  for (long i = 0; i < warm_up + count; i++) {
    check(zmq_send(socket, data + i % ring * bytes, bytes, 0) >= 0, "send");
  }
  free(data);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "version") == 0) {
    print_version();
    return 0;
  }
  int sending = argc == 7 && strcmp(argv[1], "send") == 0;
  int receiving = argc == 6 && strcmp(argv[1], "receive") == 0;
  if (!sending && !receiving) return 2;
  char **rest = argv + (sending ? 3 : 2);
  size_t bytes = strtoul(rest[0], NULL, 10);
  long count = atol(rest[1]), warm_up = atol(rest[2]), ring = atol(rest[3]);

  alarm(180); /* whatever becomes of the other processes, this one ends */
  void *context = zmq_ctx_new();
  void *socket = zmq_socket(context, sending ? ZMQ_PUSH : ZMQ_PULL);
  if (sending) {
    check(zmq_connect(socket, argv[2]) == 0, "connect");
    send_flow(socket, bytes, count, warm_up, ring);
  } else {
    char address[256];
    size_t length = sizeof address;
    check(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, address, &length) == 0, "endpoint");
    printf("address %s\n", address);
    fflush(stdout);
    receive_flow(socket, bytes, count, warm_up, ring);
  }
  zmq_close(socket);
  zmq_ctx_term(context); /* waits until what was sent is delivered */
  print_usage();
  return 0;
}
