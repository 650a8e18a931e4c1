/* What the interoperability tests talk to: a program on libusrsctp, SCTP over UDP (RFC 6951) on 127.0.0.1.
 *
 *   usrsctp-peer server|client echo|sink|source [NAME=VALUE]...
 *
 * peer-options.h lists the names. It serves one association and ends. Lines on standard output:
 *
 *   ports UDP SCTP          its own ports; a server listens from here on
 *   up                      the association is there
 *   adaptation HEX          the other end has sent this Adaptation Layer Indication (RFC 5061, 4.1)
 *   restarted               the other end has restarted the association
 *   shutdown                the other end has sent SHUTDOWN
 *   complete                the shutdown is complete
 *   lost CAUSE              the association was aborted, or its peer is gone; the cause code of the ABORT
 *   holding                 with end=hold: what had to be done is done, and the association stays
 *   sent BYTES FNV          what was sent; FNV is the FNV-1a hash, 64 bits
 *   received BYTES FNV MESSAGES ODD
 *                           what was received; ODD of its messages were not on stream 0 with PPID 0
 *   refused ERRNO           a client could not connect
 *   failed WHAT ERRNO       anything else
 *   late                    the time limit was reached */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <usrsctp.h>

#include "peer-options.h"
#include "peer-program.h"
#include "peer-bytes.h"
#include "peer-sockets.h"
#include "peer-udp.h"
#include "peer-events.h"
#include "peer-work.h"

int main(int argc, char **argv) {
  struct options options = read_options(argc, argv, (struct options){COMMON_DEFAULTS}, NULL);
  start_program(options.limit);
  uint16_t udp = options.udp != 0 ? options.udp : free_udp_port();
  start_stack(udp, &options);
  struct socket *listening = NULL;
  struct socket *connected = open_socket(stack_address(options.sctp), &options);
  printf("ports %u %u\n", udp, bound_port(connected));
  if (options.server) {
    listening = connected;
    connected = accept_one(listening);
  } else {
    connect_to_peer(connected, &options);
  }
  work(connected, &options);
  usrsctp_close(connected);
  if (listening != NULL) usrsctp_close(listening);
  finish_stack(usrsctp_finish);
  return 0;
}
