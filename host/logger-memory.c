/* Recent bytes in the ledger, for sources that have no file or whose file cannot be written. */
#include <string.h>

#include "logger-parts.h"

/* 0, or -1 when all areas are in use. */
int memory_claim(uint32_t slot, struct log_progress *progress) {
  if (progress->area) return 0;
  for (uint32_t i = 0; i < LIMIT_LOG_MEMORY_SLOTS; i++) {
    uint32_t owner = logger.part->area_owner[i];
    if (owner != 0 && owner != 1 + slot) continue; /* our own: a dead logger claimed it and came no further */
    logger.part->area_owner[i] = 1 + slot;
    progress->area = 1 + i;
    progress->memory_total = 0;
    return 0;
  }
  return -1;
}

void memory_free(uint32_t slot, uint32_t area) {
  if (area == 0 || area > LIMIT_LOG_MEMORY_SLOTS) return;
  if (logger.part->area_owner[area - 1] == 1 + slot) logger.part->area_owner[area - 1] = 0;
}

void memory_release(uint32_t slot, struct log_progress *progress) {
  uint32_t area = progress->area;
  progress->area = 0;
  memory_free(slot, area);
}

size_t memory_take(const struct log_progress *progress, uint8_t *to, uint64_t *lost) {
  uint64_t total = progress->memory_total, bytes = total;
  if (progress->area == 0 || progress->area > LIMIT_LOG_MEMORY_SLOTS) bytes = total = 0;
  if (bytes > LIMIT_LOG_MEMORY_BYTES) bytes = LIMIT_LOG_MEMORY_BYTES;
  *lost = total - bytes;
  for (uint64_t i = 0; i < bytes; i++)
    to[i] = logger.part->areas[progress->area - 1][(total - bytes + i) % LIMIT_LOG_MEMORY_BYTES];
  return (size_t)bytes;
}

/* The same bytes put twice at the same total stand at the same place. */
void memory_put(struct log_progress *progress, const uint8_t *data, uint32_t bytes) {
  if (progress->area == 0 || progress->area > LIMIT_LOG_MEMORY_SLOTS) return;
  uint8_t *area = logger.part->areas[progress->area - 1];
  uint64_t at = progress->memory_total;
  progress->memory_total += bytes;
  if (bytes > LIMIT_LOG_MEMORY_BYTES) {
    at += bytes - LIMIT_LOG_MEMORY_BYTES;
    data += bytes - LIMIT_LOG_MEMORY_BYTES;
    bytes = LIMIT_LOG_MEMORY_BYTES;
  }
  uint32_t start = (uint32_t)(at % LIMIT_LOG_MEMORY_BYTES);
  uint32_t first = LIMIT_LOG_MEMORY_BYTES - start < bytes ? LIMIT_LOG_MEMORY_BYTES - start : bytes;
  memcpy(area + start, data, first);
  memcpy(area, data + first, bytes - first);
}
