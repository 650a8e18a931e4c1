/* What the interoperability tests of SCTP over DTLS (RFC 8261) talk to: libusrsctp and OpenSSL, on 127.0.0.1.
 *
 *   dtls-usrsctp-peer server|client echo|sink|source [NAME=VALUE]...
 *
 * peer-options.h and peer-dtls-options.h list the names. It serves one DTLS connection with one association and ends.
 * Its lines are those of usrsctp-peer.c, and these:
 *
 *   dtls NAME               the handshake is done; the common name of the other end's certificate, - for none
 *   key LINE                what reads the records: a line of a key log file
 *   suite NAME              the cipher suite, as OpenSSL calls it
 *   asked for NAME          a server: which host name the client wants
 *   alert TEXT              the other end has sent this alert
 *   dtls-failed TEXT        the handshake failed, also where an alert was sent
 *   close-notify            the other end has sent close_notify; the last line where there was no association yet
 *
 * It sends close_notify when the association is over. Where the other end does so before, the association is lost. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <usrsctp.h>

#include "peer-options.h"
#include "peer-program.h"
#include "peer-bytes.h"
#include "peer-sockets.h"
#include "peer-dtls-options.h"
#include "peer-dtls-context.h"
#include "peer-dtls-handshake.h"
#include "peer-dtls.h"
#include "peer-dtls-association.h"
#include "peer-events.h"
#include "peer-work.h"

static void secure(SSL *ssl, int udp, const struct options *options) {
  if (options->server) await_client(ssl, udp);
  else find_server(ssl, udp, options->peer_udp);
  shake_hands(ssl, udp);
  show_connection(ssl);
}

int main(int argc, char **argv) {
  struct options options = read_options_of_dtls(argc, argv);
  start_program(options.limit);
  SSL_CTX *context = new_context(options.server);
  int udp = udp_socket(options.udp);
  start_stack(&options);
  struct socket *opened = open_socket(stack_address(options.sctp), &options);
  printf("ports %u %u\n", udp_port(udp), bound_port(opened));
  SSL *ssl = new_connection(context, udp, options.rto);
  secure(ssl, udp, &options);
  start_carrier(ssl, udp);
  struct socket *association = carried_association(opened, &options);
  work(association, &options);
  end_association(association);
  if (options.server) usrsctp_close(opened);
  finish_stack(finish_carried_stack);
  stop_carrier();
  return 0;
}
