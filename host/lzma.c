/* Unpacks a raw stream of LZMA; see lzma.h. A range coder reads bits, each by a probability that adapts to what it was
 * before; literals depend on the byte before them, matches go back by a distance, often one of the last four. A fifth
 * smaller than LZ4 and twenty times slower: for modules that are large and seldom loaded. */
#include "lzma.h"

#include <stdint.h>

#define STATES 12
#define AFTER_MATCH 7 /* states from here on: the last thing was no literal */
#define CERTAIN 2048  /* a probability of one */
#define LITERAL_BITS 3
#define LITERAL_SIZE 0x300
#define MATCH_LEAST 2
#define TOP (1u << 24)
#define END_MARK 0xffffffffu

/* Nothing but probabilities, which all begin at one half. */
struct lengths {
  uint16_t is_mid, is_high, low[8], mid[8], high[256];
};

struct model {
  uint16_t is_match[STATES], is_repeated[STATES], is_not_first[STATES], is_not_second[STATES], is_fourth[STATES];
  uint16_t is_long[STATES], slot[4][64], special[115], align[16];
  uint16_t literal[LITERAL_SIZE << LITERAL_BITS];
  struct lengths match, repeated;
};

struct coder {
  const unsigned char *at, *end;
  uint32_t range, code;
  int is_cut; /* more was asked for than there is */
};

static unsigned next_byte(struct coder *coder) {
  if (coder->at < coder->end) return *coder->at++;
  coder->is_cut = 1;
  return 0;
}

static void fill(struct coder *coder) {
  if (coder->range >= TOP) return;
  coder->range <<= 8;
  coder->code = coder->code << 8 | next_byte(coder);
}

static unsigned read_bit(struct coder *coder, uint16_t *probability) {
  uint32_t bound = (coder->range >> 11) * *probability;
  unsigned bit = coder->code >= bound;
  if (bit) {
    coder->range -= bound;
    coder->code -= bound;
    *probability -= *probability >> 5;
  } else {
    coder->range = bound;
    *probability += (CERTAIN - *probability) >> 5;
  }
  fill(coder);
  return bit;
}

/* Bits that are as likely as not. */
static uint32_t read_direct(struct coder *coder, unsigned bits) {
  uint32_t value = 0;
  while (bits-- > 0) {
    coder->range >>= 1;
    unsigned bit = coder->code >= coder->range;
    if (bit) coder->code -= coder->range;
    value = value << 1 | bit;
    fill(coder);
  }
  return value;
}

/* A number whose highest bit comes first; each bit's probability depends on those before. */
static unsigned read_tree(struct coder *coder, uint16_t *tree, unsigned bits) {
  unsigned node = 1;
  for (unsigned i = 0; i < bits; i++) node = node << 1 | read_bit(coder, &tree[node]);
  return node - (1u << bits);
}

static unsigned read_reverse(struct coder *coder, uint16_t *tree, unsigned bits) {
  unsigned node = 1, value = 0;
  for (unsigned i = 0; i < bits; i++) {
    unsigned bit = read_bit(coder, &tree[node]);
    node = node << 1 | bit;
    value |= bit << i;
  }
  return value;
}

static unsigned read_length(struct coder *coder, struct lengths *lengths) {
  if (!read_bit(coder, &lengths->is_mid)) return read_tree(coder, lengths->low, 3);
  if (!read_bit(coder, &lengths->is_high)) return 8 + read_tree(coder, lengths->mid, 3);
  return 16 + read_tree(coder, lengths->high, 8);
}

/* Behind a match the byte is most likely another than the one that would have gone on. */
static unsigned char read_literal(struct coder *coder, uint16_t *tree, int is_after_match, unsigned other) {
  unsigned node = 1;
  while (is_after_match && node < 0x100) {
    unsigned expected = other >> 7 & 1;
    other <<= 1;
    unsigned bit = read_bit(coder, &tree[((1 + expected) << 8) + node]);
    node = node << 1 | bit;
    if (bit != expected) break;
  }
  while (node < 0x100) node = node << 1 | read_bit(coder, &tree[node]);
  return (unsigned char)node;
}

/* One less than how far back. */
static uint32_t read_distance(struct coder *coder, struct model *model, unsigned length) {
  unsigned slot = read_tree(coder, model->slot[length < 3 ? length : 3], 6);
  if (slot < 4) return slot;
  unsigned bits = (slot >> 1) - 1;
  uint32_t distance = (2 | (slot & 1)) << bits;
  if (slot < 14) return distance + read_reverse(coder, model->special + distance - slot, bits);
  distance += read_direct(coder, bits - 4) << 4;
  return distance + read_reverse(coder, model->align, 4);
}

/* Which of the last four distances it is; that one becomes the last. 0: the match is one byte long. */
static int read_repeated(struct coder *coder, struct model *model, unsigned state, uint32_t *last) {
  unsigned which = 0;
  if (!read_bit(coder, &model->is_not_first[state])) return (int)read_bit(coder, &model->is_long[state]);
  if (!read_bit(coder, &model->is_not_second[state])) which = 1;
  else which = 2 + read_bit(coder, &model->is_fourth[state]);
  uint32_t distance = last[which];
  for (; which > 0; which--) last[which] = last[which - 1];
  last[0] = distance;
  return 1;
}

static unsigned read_match(struct coder *coder, struct model *model, unsigned *state, uint32_t *last) {
  int is_late = *state >= AFTER_MATCH;
  if (read_bit(coder, &model->is_repeated[*state])) {
    int is_long = read_repeated(coder, model, *state, last);
    *state = is_late ? 11 : is_long ? 8 : 9;
    return is_long ? MATCH_LEAST + read_length(coder, &model->repeated) : 1;
  }
  for (int i = 3; i > 0; i--) last[i] = last[i - 1];
  unsigned length = read_length(coder, &model->match);
  *state = is_late ? 10 : 7;
  last[0] = read_distance(coder, model, length);
  return MATCH_LEAST + length;
}

long lzma_unpack(const unsigned char *stream, size_t length, unsigned char *to, size_t room) {
  struct coder coder = {stream, stream + length, 0xffffffffu, 0, 0};
  struct model model;
  for (size_t i = 0; i < sizeof model / sizeof(uint16_t); i++) ((uint16_t *)&model)[i] = CERTAIN / 2;
  if (next_byte(&coder) != 0) return -1;
  for (int i = 0; i < 4; i++) coder.code = coder.code << 8 | next_byte(&coder);
  uint32_t last[4] = {0};
  unsigned state = 0;
  size_t used = 0;
  while (used < room && !coder.is_cut) {
    if (!read_bit(&coder, &model.is_match[state])) {
      unsigned before = used > 0 ? to[used - 1] : 0;
      unsigned other = used > last[0] ? to[used - last[0] - 1] : 0;
      uint16_t *tree = model.literal + LITERAL_SIZE * (before >> (8 - LITERAL_BITS));
      to[used++] = read_literal(&coder, tree, state >= AFTER_MATCH, other);
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    size_t count = read_match(&coder, &model, &state, last);
    if (last[0] == END_MARK) break;
    if (last[0] >= used || count > room - used) return -1;
    for (; count > 0; count--, used++) to[used] = to[used - last[0] - 1];
  }
  return coder.is_cut ? -1 : (long)used;
}
