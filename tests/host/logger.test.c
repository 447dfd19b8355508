// with: logger.c binary-pages.c logger-console.c logger-drain.c logger-file.c logger-json.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c log-table.c log-api.c ledger.c init-message.c test-hook.c
// valgrind
/* The logger's files and settings, one by one, against a real logger process. */
#include "logger-world.h"

static void raw_file_gets_bytes_as_they_are(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "web", .path = world_path("deep/er/web.log")}, &fd);
  world_write(fd, "one\ntwo");
  world_write(fd, " and more\n\x01\xff");
  world_drain();
  world_expect_file("deep/er/web.log", "one\ntwo and more\n\x01\xff");
  struct stat file;
  assert(stat(world_path("deep/er/web.log"), &file) == 0 && (file.st_mode & 07777) == 0640);
  assert(stat(world_path("deep"), &file) == 0 && (file.st_mode & 07777) == 0755);
  close(fd);
  world_end();
}

static void stamps_stand_before_each_line(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = world_source(&(struct log_config){.name = "web", .path = world_path("web.log"), .flags = LOG_FLAG_STAMP}, &fd);
  world_write(fd, "one\n\ntw");
  world_await_bytes(slot, 7);
  world_write(fd, "o\nthree");
  world_drain();
  char *text = world_read(world_path("web.log"));
  world_remove_stamps(text);
  assert(!strcmp(text, "one\n\ntwo\nthree"));
  free(text);
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.bytes == 14 && counters.lines == 3 && counters.dropped == 0 && counters.error == 0);
  assert(counters.stored == 14 + 4 * 25 && counters.file_size == counters.stored);
  close(fd);
  world_end();
}

static void stamp_is_the_iso_date(void) {
  char stamp[26] = {0};
  static const struct { int64_t ms; const char *text; } cases[] = {
      {0, "1970-01-01T00:00:00.000Z "},
      {951782399999, "2000-02-28T23:59:59.999Z "},
      {951782400000, "2000-02-29T00:00:00.000Z "},
      {1795593601234, "2026-11-25T08:00:01.234Z "},
      {4107542399001, "2100-02-28T23:59:59.001Z "},
      {4107542400000, "2100-03-01T00:00:00.000Z "},
      {-1, "1969-12-31T23:59:59.999Z "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lines_stamp(cases[i].ms, stamp);
    assert(!strcmp(stamp, cases[i].text));
  }
}

static void long_lines_are_cut_at_the_limit(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "a", .path = world_path("a.log"), .flags = LOG_FLAG_STAMP, .line_limit = 8}, &fd);
  world_write(fd, "12345678\n123456789\n1234567890123456\nx\n");
  world_drain();
  char *text = world_read(world_path("a.log"));
  world_remove_stamps(text);
  assert(!strcmp(text, "12345678\n12345678 [gonit: no line end]\n9\n12345678 [gonit: no line end]\n90123456\nx\n"));
  free(text);
  close(fd);
  world_end();
}

static void rotation_keeps_whole_lines_and_so_many_archives(void) {
  static const uint32_t flags[] = {0, LOG_FLAG_STAMP};
  for (int kind = 0; kind < 2; kind++) {
    int fd;
    char line[128];
    world_begin(ROLE_LAPTOP);
    world_start();
    struct log_config config = {.name = "a", .path = world_path("a.log"), .flags = flags[kind], .max_size = 4096, .keep = 3};
    world_source(&config, &fd);
    for (int i = 0; i < 1000; i++) {
      snprintf(line, sizeof line, "line %06d %.*s\n", i, i % 50, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
      world_write(fd, line);
    }
    world_drain();
    int next = -1;
    static const char *names[] = {"a.log.3", "a.log.2", "a.log.1", "a.log"};
    assert(access(world_path("a.log.4"), F_OK) != 0);
    for (int i = 0; i < 4; i++) {
      char *text = world_read(world_path(names[i]));
      assert(text && strlen(text) <= 4096 && (i == 3 || strlen(text) > 3900) && text[strlen(text) - 1] == '\n');
      if (kind) world_remove_stamps(text);
      for (char *at = text; *at; at = strchr(at, '\n') + 1) {
        int number;
        assert(sscanf(at, "line %d", &number) == 1 && (next < 0 || number == next));
        next = number + 1;
      }
      free(text);
    }
    assert(next == 1000);
    close(fd);
    world_end();
  }
}

static void keep_zero_starts_over(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "a", .path = world_path("a.log"), .max_size = 8}, &fd);
  world_write(fd, "11111\n22222\n33333\n");
  world_drain();
  world_expect_file("a.log", "33333\n");
  assert(access(world_path("a.log.1"), F_OK) != 0);
  close(fd);
  world_end();
}

static void what_cannot_be_moved_is_given_up(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  assert(mkdir(world_path("a.log.1"), 0755) == 0);
  int slot = world_source(&(struct log_config){.name = "a", .path = world_path("a.log"), .max_size = 8, .keep = 1}, &fd);
  world_write(fd, "11111\n22222\n");
  world_drain();
  world_expect_file("a.log", "22222\n");
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped == 6);
  close(fd);
  world_end();
}

static void deleted_file_and_folder_are_made_anew(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = world_source(&(struct log_config){.name = "a", .path = world_path("logs/a.log")}, &fd);
  world_write(fd, "one\n");
  world_await_bytes(slot, 4);
  world_remove(world_path("logs"));
  world_write(fd, "two\n");
  world_await_bytes(slot, 8);
  world_expect_file("logs/a.log", "two\n");
  assert(truncate(world_path("logs/a.log"), 0) == 0); /* as logrotate's copytruncate does */
  world_write(fd, "three\n");
  world_drain();
  world_expect_file("logs/a.log", "three\n");
  close(fd);
  world_end();
}

static void reopen_follows_external_rotation(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = world_source(&(struct log_config){.name = "a", .path = world_path("a.log")}, &fd);
  world_write(fd, "one\n");
  world_await_bytes(slot, 4);
  assert(rename(world_path("a.log"), world_path("old.log")) == 0);
  log_reopen(&world.ledger, world.manager[0]);
  world_from_manager();
  int64_t end = world_ms() + WORLD_WAIT_MS;
  while (access(world_path("a.log"), F_OK) != 0) assert(world_ms() < end), world_pause(1000);
  world_write(fd, "two\n");
  world_drain();
  world_expect_file("old.log", "one\n");
  world_expect_file("a.log", "two\n");
  close(fd);
  world_end();
}

static void changed_path_is_used_from_the_next_bytes_on(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  struct log_config config = {.name = "a", .label = "a", .path = world_path("a.log")};
  int slot = world_source(&config, &fd);
  world_write(fd, "one\n");
  world_await_bytes(slot, 4);
  config.path = world_path("b.log");
  assert(log_configure(&world.ledger, &config) == slot);
  world_write(fd, "two\n");
  world_drain();
  world_expect_file("a.log", "one\n");
  world_expect_file("b.log", "two\n");
  close(fd);
  world_end();
}

static void file_that_cannot_be_opened_leaves_memory(void) {
  int fd;
  uint8_t memory[LIMIT_LOG_MEMORY_BYTES + 1] = {0};
  struct log_counters counters;
  world_begin(ROLE_LAPTOP);
  world_start();
  assert(symlink("/etc/passwd", world_path("a.log")) == 0);
  int slot = world_source(&(struct log_config){.name = "a", .path = world_path("a.log")}, &fd);
  world_write(fd, "kept\n");
  world_await_bytes(slot, 5);
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.error == ELOOP && (counters.flags & LOG_FLAG_MEMORY) && counters.dropped == 0);
  assert(log_read_memory(&world.ledger, slot, memory, LIMIT_LOG_MEMORY_BYTES) == 5 && !memcmp(memory, "kept\n", 5));
  close(fd);
  world_end();
}

static void memory_holds_the_last_bytes(void) {
  int fd;
  static char block[10000];
  uint8_t memory[LIMIT_LOG_MEMORY_BYTES];
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = world_source(&(struct log_config){.name = "a", .flags = LOG_FLAG_MEMORY}, &fd);
  for (int i = 0; i < 5; i++) {
    memset(block, 'a' + i, sizeof block);
    assert(write(fd, block, sizeof block) == sizeof block);
  }
  world_await_bytes(slot, 50000);
  assert(log_read_memory(&world.ledger, slot, memory, sizeof memory) == sizeof memory);
  assert(memory[0] == 'd' && memory[6383] == 'd' && memory[6384] == 'e' && memory[16383] == 'e');
  assert(log_read_memory(&world.ledger, slot, memory, 3) == 3 && !memcmp(memory, "eee", 3));
  world_kill(); /* it outlives the logger */
  assert(log_read_memory(&world.ledger, slot, memory, sizeof memory) == sizeof memory && memory[0] == 'd');
  world_start();
  close(fd);
  world_end();
}

static void forgotten_source_is_read_to_its_end(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  int slot = world_source(&(struct log_config){.name = "a", .path = world_path("a.log")}, &fd);
  world_write(fd, "before\n");
  log_forget(&world.ledger, world.manager[0], "a");
  log_forget(&world.ledger, world.manager[0], "a"); /* a manager that died before it told init is followed by another */
  world_from_manager();
  int other;
  struct log_config config = {.name = "a", .path = world_path("b.log")};
  assert(world_source(&config, &other) != slot); /* its slot is not free yet */
  world_write(fd, "after\n");
  close(fd);
  world_start();
  int64_t end = world_ms() + WORLD_WAIT_MS;
  while (!world.forgotten) assert(world_ms() < end), world_from_logger(), world_pause(1000);
  world_expect_file("a.log", "before\nafter\n");
  assert(!world.held[slot]);
  config.name = "new";
  assert(world_source(&config, &fd) == slot);
  struct log_counters counters;
  world_write(fd, "x");
  world_await_bytes(slot, 1);
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.bytes == 1);
  close(fd);
  close(other);
  world_end();
}

static void watched_lines_ring(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  int64_t end = world_ms() + WORLD_WAIT_MS;
  while (!world.watched) assert(world_ms() < end), world_from_logger(), world_pause(1000);
  world.watched = 0;
  int slot = world_source(&(struct log_config){.name = "a", .flags = LOG_FLAG_MEMORY | LOG_FLAG_WATCH}, &fd);
  for (int i = 0; i < 100; i++) world_write(fd, "x\n");
  world_await_bytes(slot, 200);
  while (!world.watched) assert(world_ms() < end), world_from_logger(), world_pause(1000);
  assert(world.watched < 60);
  close(fd);
  world_end();
}

static void table_survives_changes_of_every_size(void) {
  world_begin(ROLE_LAPTOP);
  struct log_settings settings;
  char path[LOG_PATH_BYTES];
  struct log_config config = {.name = "a", .label = "a", .path = path};
  for (int i = 1; i < LOG_PATH_BYTES; i++) {
    memset(path, 'p', sizeof path);
    path[i] = 0;
    assert(log_configure(&world.ledger, &config) == 1);
    assert(log_settings_load(world.part, 1, &settings) == 0 && !strcmp(settings.path, path) && !strcmp(settings.name, "a"));
  }
  uint32_t version = settings.version;
  assert(log_configure(&world.ledger, &config) == 1 && log_settings_load(world.part, 1, &settings) == 0);
  assert(settings.version == version); /* nothing changed */
  assert(world.part->text_used < 4096);
  char name[32];
  config.name = name;
  for (int i = 2; i < LIMIT_LOG_SLOTS; i++) {
    snprintf(name, sizeof name, "service-%d", i);
    assert(log_configure(&world.ledger, &config) == i);
  }
  config.name = "one too many";
  assert(log_configure(&world.ledger, &config) == -EAGAIN);
  world_end();
}

int main(void) {
  raw_file_gets_bytes_as_they_are();
  stamps_stand_before_each_line();
  stamp_is_the_iso_date();
  long_lines_are_cut_at_the_limit();
  rotation_keeps_whole_lines_and_so_many_archives();
  keep_zero_starts_over();
  what_cannot_be_moved_is_given_up();
  deleted_file_and_folder_are_made_anew();
  reopen_follows_external_rotation();
  changed_path_is_used_from_the_next_bytes_on();
  file_that_cannot_be_opened_leaves_memory();
  memory_holds_the_last_bytes();
  forgotten_source_is_read_to_its_end();
  watched_lines_ring();
  table_survives_changes_of_every_size();
  return 0;
}
