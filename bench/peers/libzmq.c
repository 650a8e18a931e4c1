/* The benchmark's peer on libzmq: "receive BYTES COUNT WARMUP RING" or "send ADDRESS BYTES COUNT WARMUP RING".
 * PUSH to PULL; every default of the library is left as it is.
 * Lines on standard output: "address A", "elapsed MS", "sent". */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
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
}

static void send_flow(void *socket, size_t bytes, long count, long warm_up, long ring) {
  unsigned char *data = calloc(1, bytes);
  for (long i = 0; i < warm_up + count; i++) {
    put_place(data, i % ring);
    check(zmq_send(socket, data, bytes, 0) >= 0, "send");
  }
  free(data);
}

int main(int argc, char **argv) {
  int sending = argc == 7 && strcmp(argv[1], "send") == 0;
  int receiving = argc == 6 && strcmp(argv[1], "receive") == 0;
  if (!sending && !receiving) return 2;
  char **rest = argv + (sending ? 3 : 2);
  size_t bytes = strtoul(rest[0], NULL, 10);
  long count = atol(rest[1]), warm_up = atol(rest[2]), ring = atol(rest[3]);

  void *context = zmq_ctx_new();
  void *socket = zmq_socket(context, sending ? ZMQ_PUSH : ZMQ_PULL);
  if (sending) {
    check(zmq_connect(socket, argv[2]) == 0, "connect");
    send_flow(socket, bytes, count, warm_up, ring);
    printf("sent\n");
  } else {
    char address[256];
    size_t length = sizeof address;
    check(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, address, &length) == 0, "endpoint");
    printf("address %s\n", address);
    fflush(stdout);
    receive_flow(socket, bytes, count, warm_up, ring);
  }
  fflush(stdout);
  zmq_close(socket);
  zmq_ctx_term(context);
  return 0;
}
