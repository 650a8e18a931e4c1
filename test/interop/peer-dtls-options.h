/* What the peer is told of DTLS. Files are PEM. */

#define LARGEST_RECORD 16384 /* the data of one (RFC 6347, 4.1) */
#define MOST_OVERHEAD 64     /* more than a record has around its data, whatever the suite */

static struct {
  const char *ca;          /* ca=: by whom the other end must be certified; without it, anybody will do */
  const char *cert, *key;  /* cert=, key=: who this end is */
  const char *name;        /* name=: the host name or IP address that a client demands of the server */
  const char *suites;      /* suites=: as in `openssl ciphers` */
  const char *groups;      /* groups=: the curves, as in `openssl s_client -groups` */
  unsigned handshake;      /* handshake=: bytes of the largest datagram of the handshake */
  unsigned datagram;       /* datagram=: bytes up to which records share a datagram; 0 is a datagram for each */
} dtls = {.suites = "ECDHE+AESGCM:ECDHE+CHACHA20", .handshake = 1200};

static int read_dtls_option(const char *name, const char *value) {
  if (strcmp(name, "ca") == 0) dtls.ca = value;
  else if (strcmp(name, "cert") == 0) dtls.cert = value;
  else if (strcmp(name, "key") == 0) dtls.key = value;
  else if (strcmp(name, "name") == 0) dtls.name = value;
  else if (strcmp(name, "suites") == 0) dtls.suites = value;
  else if (strcmp(name, "groups") == 0) dtls.groups = value;
  else if (strcmp(name, "handshake") == 0) dtls.handshake = number(value, 16384);
  else if (strcmp(name, "datagram") == 0) dtls.datagram = number(value, 65507);
  else return 0;
  return 1;
}

/* The defaults leave room for the record in a packet of Ethernet. */
static struct options read_options_of_dtls(int argc, char **argv) {
  struct options defaults = {COMMON_DEFAULTS, .sctp = 5000, .peer_sctp = 5000, .packet = 1200};
  struct options options = read_options(argc, argv, defaults, read_dtls_option);
  if (options.packet > LARGEST_RECORD) usage("packet= is more than a record holds");
  if (options.server && (dtls.cert == NULL || dtls.key == NULL)) usage("a server needs cert= and key=");
  return options;
}
