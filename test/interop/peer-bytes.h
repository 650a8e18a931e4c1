/* The bytes that a source sends, and the hash of what goes by. */

#define FRAME_HEADER 8

struct tally {
  uint64_t bytes, hash;
};

#define EMPTY_TALLY ((struct tally){0, 0xcbf29ce484222325})

static void count_bytes(struct tally *tally, const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) tally->hash = (tally->hash ^ bytes[i]) * 0x100000001b3;
  tally->bytes += length;
}

/* Frames of the library, one behind the other: frame i has recipient i and the data that `bytesOf` of
 * test/support/data.ts makes with the seed i. */
struct pattern {
  uint32_t data;
  uint64_t frame; /* which frame the next byte belongs to, and where in it that byte is */
  uint32_t place;
  uint32_t state;
};

static uint8_t header_byte(const struct pattern *pattern) {
  uint32_t size = pattern->data + 4;
  uint8_t header[FRAME_HEADER] = {size >> 24, size >> 16, size >> 8, size, 0, 1, pattern->frame >> 8, pattern->frame};
  return header[pattern->place];
}

static uint8_t next_byte(struct pattern *pattern) {
  uint8_t byte;
  if (pattern->place == 0) pattern->state = (uint32_t)pattern->frame * 2654435761u + 1;
  if (pattern->place < FRAME_HEADER) {
    byte = header_byte(pattern);
  } else {
    pattern->state = pattern->state * 1664525u + 1013904223u;
    byte = pattern->state >> 24;
  }
  if (++pattern->place == FRAME_HEADER + pattern->data) {
    pattern->place = 0;
    pattern->frame++;
  }
  return byte;
}
