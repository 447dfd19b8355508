/* The log table: its size, its first contents, and reading a slot's configuration. */
#include "log-table.h"

#include <errno.h>
#include <string.h>

#include "logger.h"

size_t log_part_bytes(void) {
  return sizeof(struct log_part);
}

/* gonit's own messages need no manager: slot 0 works from the first instant. */
void log_part_init(void *memory) {
  struct log_part *part = memory;
  static const char text[] = "gonit\0gonit\0";
  struct log_config_slot *config = &part->configs[0];
  part->part = (struct ledger_part){LEDGER_MAGIC_LOGS, CONTRACT_VERSION, sizeof *part};
  config->space_at = 0;
  config->space_bytes = LOG_TEXT_BYTES_MIN;
  part->text_used = 2 * LOG_TEXT_BYTES_MIN;
  memcpy(part->text + LOG_TEXT_BYTES_MIN, text, sizeof text);
  config->versions[1] = (struct log_config_version){
      .flags = LOG_FLAG_OWN | LOG_FLAG_CONSOLE | LOG_FLAG_CONSOLE_ERROR,
      .text_at = LOG_TEXT_BYTES_MIN,
      .text_bytes = sizeof text,
  };
  atomic_store(&config->generation, 1);
  atomic_store(&config->state, LOG_SLOT_USED);
  atomic_store_explicit(&config->version, 1, memory_order_release);
  atomic_store(&part->slot_count, 1);
}

/* Finds the three texts. The manager's numbers are checked: a logger must not die of them. */
static int settings_texts(struct log_settings *settings, size_t bytes) {
  const char *end = settings->text + bytes;
  const char **texts[] = {&settings->name, &settings->label, &settings->path};
  const char *at = settings->text;
  for (int i = 0; i < 3; i++) {
    *texts[i] = at;
    at = memchr(at, 0, (size_t)(end - at));
    if (!at) return -EPROTO;
    at++;
  }
  return 0;
}

int log_settings_load(const struct log_part *part, uint32_t slot, struct log_settings *settings) {
  const struct log_config_slot *config = &part->configs[slot];
  /* The manager would have to change a slot twice during the copy to make us try again. */
  for (int attempt = 0; attempt < 100; attempt++) {
    uint32_t version = atomic_load_explicit(&config->version, memory_order_acquire);
    if (version == 0) return -ENOENT;
    struct log_config_version now = config->versions[version & 1];
    if (now.text_bytes < 3 || now.text_bytes > sizeof settings->text) return -EPROTO;
    if (now.text_at > sizeof part->text - now.text_bytes) return -EPROTO;
    memcpy(settings->text, part->text + now.text_at, now.text_bytes);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&config->version, memory_order_relaxed) != version) continue;
    settings->slot = slot;
    settings->version = version;
    settings->generation = atomic_load(&config->generation);
    settings->max_size = now.max_size;
    settings->keep = now.keep;
    settings->flags = now.flags;
    settings->line_limit = now.line_limit;
    settings->sync_ms = now.sync_ms;
    settings->rate = now.rate;
    return settings_texts(settings, now.text_bytes);
  }
  return -EPROTO;
}
