/* What the peer is told to do. */

enum mode { ECHO, SINK, SOURCE };
enum ending { END_FOLLOWS, END_SHUTDOWN, END_ABORT, END_HOLD, END_CLOSE };

#define COMMON_DEFAULTS .data = 16, .message = 1024, .limit = 30

struct options {
  int server;
  enum mode mode;
  enum ending end;
  uint16_t udp, sctp;           /* udp=, sctp=: its own ports; 0 is any that is free */
  uint16_t peer_udp, peer_sctp; /* peer-udp=, peer-sctp=: a client's goal */
  uint64_t bytes;               /* bytes=: how many an echo or a sink takes before its end; 0 is no number */
  uint64_t count;               /* count=: how many frames a source sends */
  uint32_t data;                /* data=: the data of each, in bytes */
  uint32_t message;             /* message=: how many bytes it sends in one user message, whatever the frames are */
  int receive_buffer;           /* rcvbuf=, sndbuf=: of the SCTP socket */
  int send_buffer;
  unsigned packet;              /* packet=: the largest packet that a client sends, in bytes; 0 is the stack's choice */
  unsigned rto;                 /* rto=: the first retransmission timeout and the least, in ms; 0 is the stack's */
  unsigned heartbeat;           /* heartbeat=: quiet time before it asks whether the other end is there, in ms */
  unsigned limit;               /* limit=: seconds after which it is over in any case */
};

static void usage(const char *what) {
  fprintf(stderr, "peer: %s\n", what);
  exit(2);
}

static int word_index(const char *word, const char *const *words, const char *what) {
  for (int i = 0; words[i] != NULL; i++) {
    if (strcmp(word, words[i]) == 0) return i;
  }
  usage(what);
  return -1;
}

static unsigned long number(const char *text, unsigned long most) {
  char *rest;
  unsigned long value = strtoul(text, &rest, 10);
  if (*text < '0' || *text > '9' || *rest != '\0' || value > most) usage(text);
  return value;
}

/* end=: when the work is done, or `follow` for a peer that ends only behind the other end. `close` ends DTLS without a
 * word to SCTP. */
static const char *const ENDINGS[] = {"follow", "shutdown", "abort", "hold", "close", NULL};

static int read_option(struct options *options, const char *name, const char *value) {
  if (strcmp(name, "udp") == 0) options->udp = number(value, 65535);
  else if (strcmp(name, "sctp") == 0) options->sctp = number(value, 65535);
  else if (strcmp(name, "peer-udp") == 0) options->peer_udp = number(value, 65535);
  else if (strcmp(name, "peer-sctp") == 0) options->peer_sctp = number(value, 65535);
  else if (strcmp(name, "bytes") == 0) options->bytes = number(value, UINT32_MAX);
  else if (strcmp(name, "count") == 0) options->count = number(value, UINT32_MAX);
  else if (strcmp(name, "data") == 0) options->data = number(value, 100000000);
  else if (strcmp(name, "message") == 0) options->message = number(value, 16 << 20);
  else if (strcmp(name, "rcvbuf") == 0) options->receive_buffer = number(value, 64 << 20);
  else if (strcmp(name, "sndbuf") == 0) options->send_buffer = number(value, 64 << 20);
  else if (strcmp(name, "packet") == 0) options->packet = number(value, 65504);
  else if (strcmp(name, "rto") == 0) options->rto = number(value, 60000);
  else if (strcmp(name, "heartbeat") == 0) options->heartbeat = number(value, 60000);
  else if (strcmp(name, "limit") == 0) options->limit = number(value, 600);
  else if (strcmp(name, "end") == 0) options->end = word_index(value, ENDINGS, "no such end");
  else return 0;
  return 1;
}

/* Takes an option that is of one program alone; 0 if it knows none of this name. */
typedef int read_own(const char *name, const char *value);

static void read_word(struct options *options, char *word, read_own *own) {
  char *value = strchr(word, '=');
  if (value == NULL) usage(word);
  *value++ = '\0';
  if (!read_option(options, word, value) && (own == NULL || !own(word, value))) usage(word);
}

static struct options read_options(int argc, char **argv, struct options options, read_own *own) {
  static const char *const roles[] = {"server", "client", NULL};
  static const char *const modes[] = {"echo", "sink", "source", NULL};
  if (argc < 3) usage("server|client echo|sink|source [NAME=VALUE]...");
  options.server = word_index(argv[1], roles, "neither server nor client") == 0;
  options.mode = word_index(argv[2], modes, "none of echo, sink, source");
  for (int i = 3; i < argc; i++) read_word(&options, argv[i], own);
  if (options.limit == 0 || options.message == 0 || options.data == 0) usage("0 where it has no meaning");
  return options;
}
