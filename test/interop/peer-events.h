/* What the stack tells of the association. */

static void show_change(const struct sctp_assoc_change *change) {
  switch (change->sac_state) {
    case SCTP_COMM_UP: printf("up\n"); break;
    case SCTP_RESTART: printf("restarted\n"); break;
    case SCTP_SHUTDOWN_COMP: printf("complete\n"); break;
    case SCTP_COMM_LOST: printf("lost %u\n", change->sac_error); break;
    default: printf("change %u\n", change->sac_state);
  }
}

static void show_event(const union sctp_notification *event) {
  switch (event->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE: show_change(&event->sn_assoc_change); break;
    case SCTP_SHUTDOWN_EVENT: printf("shutdown\n"); break;
    case SCTP_ADAPTATION_INDICATION: printf("adaptation %08x\n", event->sn_adaptation_event.sai_adaptation_ind); break;
    default: printf("event %u\n", event->sn_header.sn_type);
  }
}

struct received {
  struct tally tally;
  uint64_t messages, odd;
};

/* The next bytes; 0 when there will be none. Events are shown as they come. */
static size_t receive(struct socket *socket, uint8_t *buffer, size_t room, struct received *received) {
  for (;;) {
    struct sctp_rcvinfo about = {0};
    socklen_t about_length = sizeof about;
    unsigned about_type = 0;
    int flags = 0;
    ssize_t length = usrsctp_recvv(socket, buffer, room, NULL, NULL, &about, &about_length, &about_type, &flags);
    if (length <= 0) return 0;
    if (flags & MSG_NOTIFICATION) {
      show_event((const union sctp_notification *)buffer);
      continue;
    }
    count_bytes(&received->tally, buffer, length);
    if (flags & MSG_EOR) received->messages++;
    if ((flags & MSG_EOR) && (about.rcv_sid != 0 || about.rcv_ppid != 0)) received->odd++;
    return length;
  }
}

static void show_received(const struct received *received) {
  printf("received %lu %016lx %lu %lu\n", received->tally.bytes, received->tally.hash, received->messages,
         received->odd);
}
