// with: logger.c binary-pages.c logger-console.c logger-drain.c logger-file.c logger-json.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c log-table.c log-api.c ledger.c init-message.c test-hook.c
// valgrind
/* A limit of bytes in a second, against a real logger process. */
#include "logger-world.h"

/* All that was kept, which must be whole lines of what came, and the sum of what the notes between them say. */
static uint64_t notes_taken_out(char *text) {
  uint64_t sum = 0;
  char *to = text;
  for (char *at = text, *end; *at; at = end) {
    unsigned long bytes;
    end = strchr(at, '\n');
    end = end ? end + 1 : at + strlen(at);
    if (sscanf(at, "[gonit: %lu bytes are left out: more than", &bytes) == 1) {
      sum += bytes;
      continue;
    }
    memmove(to, at, (size_t)(end - at));
    to += end - at;
  }
  *to = 0;
  return sum;
}

static void more_than_its_rate_is_dropped_told_and_counted(void) {
  int fd, console;
  struct log_counters counters;
  world_begin(ROLE_LAPTOP);
  world_start();
  struct log_config config = {.name = "web", .path = world_path("web.log"), .rate = 1000};
  int slot = world_source(&config, &fd);
  char lines[20100];
  for (int i = 0; i < 1000; i++) snprintf(lines + 20 * i, 32, "this is line %06d\n", i);
  world_write(fd, lines);
  world_await_bytes(slot, 20000);
  /* The note comes by itself, and what comes in another second is kept again. */
  char *text;
  int64_t end = world_ms() + WORLD_WAIT_MS;
  while ((text = world_read(world_path("web.log"))) == NULL || strstr(text, "in a second]\n") == NULL) {
    free(text);
    assert(world_ms() < end);
    world_pause(1000);
  }
  free(text);
  world_write(fd, "the rest\nwithout end");
  world_await_bytes(slot, 20020);
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.bytes == 20020 && counters.lines == 1001 && counters.dropped >= 17000);
  world_drain();
  text = world_read(world_path("web.log"));
  uint64_t told = notes_taken_out(text);
  assert(told == counters.dropped && strlen(text) + told == 20020);
  assert(strncmp(text, lines, 1000) == 0);
  assert(!strcmp(text + strlen(text) - 20, "the rest\nwithout end"));
  free(text);
  close(fd);
  world_end();

  /* A line that was kept in part, and has no end, is ended before the note; the drain tells what is left. */
  world_begin(ROLE_LAPTOP);
  world_start();
  slot = world_source(&(struct log_config){.name = "a", .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX, .rate = 100}, &console);
  world_write(console, "begun");
  world_await_bytes(slot, 5);
  memset(lines, 'x', 400);
  lines[400] = 0;
  world_write(console, lines);
  world_await_bytes(slot, 405);
  world_drain();
  world_expect_console(world.console[0], "a | begun\na | [gonit: 400 bytes are left out: more than 100 in a second]\n");
  close(console);
  world_end();
}

int main(void) {
  more_than_its_rate_is_dropped_told_and_counted();
  return 0;
}
