// with: logger.c logger-console.c logger-drain.c logger-file.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c pty.c log-table.c log-api.c ledger.c init-message.c test-hook.c
// valgrind
/* The logger's features, one by one, against a real logger process. */
#include "logger-world.h"

#include <sys/ioctl.h>

#include "../../host/pty.h"

static void stamp_removed(char *text) {
  char *to = text;
  for (char *at = text; *at;) {
    char *end = strchr(at, '\n');
    size_t bytes = end ? (size_t)(end - at) + 1 : strlen(at);
    assert(bytes > 25 && at[4] == '-' && at[10] == 'T' && at[19] == '.' && at[23] == 'Z' && at[24] == ' ');
    memmove(to, at + 25, bytes - 25);
    to += bytes - 25;
    at += bytes;
  }
  *to = 0;
}

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
  stamp_removed(text);
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
  stamp_removed(text);
  assert(!strcmp(text, "12345678\n12345678\n9\n12345678\n90123456\nx\n"));
  free(text);
  close(fd);
  world_end();
}

static void json_lines_are_json(void) {
  int fd, error;
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = world_source(&(struct log_config){.name = "a", .path = world_path("a.log"), .flags = LOG_FLAG_JSON}, &fd);
  world_source(&(struct log_config){.name = "a:err", .label = "a", .path = world_path("e.log"), .flags = LOG_FLAG_JSON}, &error);
  world_write(error, "bad\n");
  world_write(fd, "say \"hi\"\t\\\x01\nu\xc3");
  world_await_bytes(slot, 14);
  world_write(fd, "\xa4 \xff \xe2\x82x\n");
  world_drain();
  char *text = world_read(world_path("a.log")), *errors = world_read(world_path("e.log"));
  assert(strstr(text, "\"service\":\"a\",\"stream\":\"stdout\",\"message\":\"say \\\"hi\\\"\\t\\\\\\u0001\"}\n{"));
  assert(strstr(text, "\"message\":\"u\xc3\xa4 \xef\xbf\xbd \xef\xbf\xbdx\"}\n"));
  assert(!strncmp(text, "{\"time\":\"20", 11));
  assert(strstr(errors, "\"stream\":\"stderr\",\"message\":\"bad\"}\n"));
  free(text);
  free(errors);
  close(fd);
  close(error);
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
      if (kind) stamp_removed(text);
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

static void console_shows_whole_lines_with_names(void) {
  int web, db, error;
  uint32_t flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "web", .flags = flags}, &web);
  world_source(&(struct log_config){.name = "db", .flags = flags}, &db);
  world_source(&(struct log_config){.name = "db:err", .label = "db", .flags = flags | LOG_FLAG_CONSOLE_ERROR}, &error);
  world_write(web, "hel");
  world_write(db, "one\ntwo\n");
  world_expect_console(world.console[0], "db | one\ndb | two\n");
  world_write(web, "lo\n");
  world_expect_console(world.console[0], "web | hello\n");
  world_write(error, "oops\n");
  world_expect_console(world.console_error[0], "db | oops\n");
  world_write(world.own[1], "INFO[0000] started\n");
  world_expect_console(world.console_error[0], "INFO[0000] started\n");
  close(web);
  close(db);
  close(error);
  world_end();
}

static void unfinished_line_is_shown_after_a_while(void) {
  int web, db;
  uint32_t flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "web", .flags = flags}, &web);
  world_source(&(struct log_config){.name = "db", .flags = flags}, &db);
  world_write(web, "password: ");
  world_expect_console(world.console[0], "web | password: ");
  world_write(web, "wrong\nagain: ");
  world_expect_console(world.console[0], "wrong\nweb | again: ");
  world_write(db, "hello\n");
  world_expect_console(world.console[0], "\ndb | hello\n");
  world_write(db, "last words");
  world_drain();
  world_expect_console(world.console[0], "db | last words");
  close(web);
  close(db);
  world_end();
}

static void long_console_line_stays_whole(void) {
  int fd;
  static char line[40000], expected[40010];
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "a", .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX}, &fd);
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  snprintf(expected, sizeof expected, "a | %.*s", (int)sizeof line, line);
  assert(write(fd, line, 10000) == 10000);
  assert(write(fd, line + 10000, 30000) == 30000);
  world_expect_console(world.console[0], expected);
  close(fd);
  world_end();
}

static void console_without_prefix_gets_bytes_as_they_come(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "a", .flags = LOG_FLAG_CONSOLE}, &fd);
  world_write(fd, "no end");
  world_expect_console(world.console[0], "no end");
  close(fd);
  world_end();
}

/* Full are the console, the pipe before it, and the record that has to wait. */
static int console_is_stuck(void) {
  int console = 0, own = 0;
  if (!world.held[LIMIT_LOG_SLOTS]) return 0;
  ioctl(world.console[0], FIONREAD, &console);
  ioctl(world.held[LIMIT_LOG_SLOTS], FIONREAD, &own);
  return console > 50000 && own > 50000 && atomic_load(&world.part->records[1].phase) == LOG_PHASE_GOT;
}

static void slow_console_holds_up_its_own_sources_only(void) {
  int slow, file;
  static char block[50000];
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = world_source(&(struct log_config){.name = "slow", .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX}, &slow);
  int other = world_source(&(struct log_config){.name = "file", .path = world_path("file.log")}, &file);
  memset(block, 'x', sizeof block);
  for (size_t i = 99; i < sizeof block; i += 100) block[i] = '\n';
  fcntl(slow, F_SETFL, O_NONBLOCK);
  size_t written = 0;
  for (int64_t end = world_ms() + WORLD_WAIT_MS;;) {
    assert(world_ms() < end);
    ssize_t some = write(slow, block + written % sizeof block, sizeof block - written % sizeof block);
    if (some < 0 && console_is_stuck()) break;
    if (some > 0) written += (size_t)some;
    else world_pause(1000);
    world_from_logger();
  }
  world_write(file, "on time\n");
  world_await_bytes(other, 8);
  world_expect_file("file.log", "on time\n");
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped == 0);
  size_t got = 0, lines = 0, want = written / 100;
  char text[4096];
  while (lines < want) {
    ssize_t some = read(world.console[0], text, sizeof text);
    for (ssize_t i = 0; i < some; i++) lines += text[i] == '\n';
    got += (size_t)some;
  }
  assert(got >= want * 107);
  close(slow);
  close(file);
  world_end();
}

static void slow_console_loses_lines_in_a_vm(void) {
  int fd;
  static char block[10000];
  world_begin(ROLE_VM);
  world_start();
  int slot = world_source(&(struct log_config){.name = "a", .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX}, &fd);
  memset(block, 'x', sizeof block);
  for (size_t i = 99; i < sizeof block; i += 100) block[i] = '\n';
  for (int i = 0; i < 100; i++) assert(write(fd, block, sizeof block) == sizeof block);
  world_await_bytes(slot, 1000000);
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped > 500000 && counters.lines == 10000);
  close(fd);
  world_end();
}

static void console_that_is_gone_takes_everything(void) {
  int fd;
  world_begin(ROLE_CONTAINER);
  world_start();
  close(world.console[1]);
  int out[2];
  assert(pipe2(out, O_CLOEXEC) == 0);
  world_kill();
  world.out = out[1];
  world_start();
  int slot = world_source(&(struct log_config){.name = "a", .path = world_path("a.log"), .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX}, &fd);
  world_write(fd, "one\n");
  world_expect_console(out[0], "a | one\n");
  close(out[1]);
  close(out[0]);
  for (int i = 0; i < 20; i++) world_write(fd, "two\n"), world_await_bytes(slot, 8 + 4 * (uint64_t)i);
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.lines == 21 && counters.dropped + atomic_load(&world.part->console_dropped) > 0);
  world.console[1] = dup(world.console[0]);
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

/* ---- terminals ---- */

static int terminal_source(const struct log_config *config, int *master, int *slave) {
  struct log_config whole = *config;
  whole.label = whole.name;
  whole.flags |= LOG_FLAG_TERMINAL;
  if (!whole.path) whole.path = "";
  int slot = log_configure(&world.ledger, &whole);
  assert(slot > 0 && pty_open(master, slave) == 0);
  assert(log_terminal(&world.ledger, world.manager[0], slot, *master, *slave) == 0);
  world_from_manager();
  return slot;
}

static void terminal_is_logged_without_its_carriage_returns(void) {
  int master, slave;
  world_begin(ROLE_LAPTOP);
  world_start();
  struct log_config config = {.name = "web", .path = world_path("web.log"), .flags = LOG_FLAG_STAMP};
  int slot = terminal_source(&config, &master, &slave);
  world_write(slave, "one\n50%\r100%\n\n");
  world_await_bytes(slot, 17);
  /* A carriage return at the end of what was read is settled by what follows: first one that stays, then one that goes. */
  struct termios modes;
  assert(tcgetattr(slave, &modes) == 0);
  modes.c_oflag &= ~(tcflag_t)OPOST;
  assert(tcsetattr(slave, TCSADRAIN, &modes) == 0);
  world_write(slave, "a\r");
  world_await_bytes(slot, 19);
  world_write(slave, "b\r");
  world_await_bytes(slot, 21);
  world_write(slave, "\nc\r\nd");
  world_await_bytes(slot, 26);
  world_drain();
  char *text = world_read(world_path("web.log"));
  stamp_removed(text);
  assert(!strcmp(text, "one\n50%\r100%\n\na\rb\nc\nd"));
  free(text);
  close(master), close(slave);
  world_end();
}

static void terminal_on_a_console_and_in_json(void) {
  int master, slave, other, other_slave;
  world_begin(ROLE_LAPTOP);
  world_start();
  struct log_config shown = {.name = "web", .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX};
  int web = terminal_source(&shown, &master, &slave);
  world_write(slave, "\none\ntwo\n");
  world_expect_console(world.console[0], "web | \nweb | one\nweb | two\n");
  struct termios modes;
  assert(tcgetattr(slave, &modes) == 0);
  modes.c_oflag &= ~(tcflag_t)OPOST;
  assert(tcsetattr(slave, TCSADRAIN, &modes) == 0);
  world_write(slave, "three\r");
  world_await_bytes(web, 12 + 6);
  world_write(slave, "\nfour\n\r");
  world_await_bytes(web, 12 + 13);
  world_write(slave, "\nfive\rsix\n");
  world_expect_console(world.console[0], "web | three\nweb | four\nweb | \nweb | five\rsix\n");
  struct log_config config = {.name = "db", .path = world_path("db.log"), .flags = LOG_FLAG_JSON};
  int slot = terminal_source(&config, &other, &other_slave);
  world_write(other_slave, "one\ntwo\n");
  world_await_bytes(slot, 10);
  world_drain();
  char *text = world_read(world_path("db.log"));
  assert(strstr(text, "\"message\":\"one\"}\n") && strstr(text, "\"message\":\"two\"}\n") && !strstr(text, "\\r"));
  free(text);
  close(master), close(slave), close(other), close(other_slave);
  world_end();
}

static void give_viewer(int slot, int ends[2]) {
  assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  struct init_message message = {.version = CONTRACT_VERSION, .op = INIT_OP_LOG_VIEWER, .a = slot};
  assert(init_message_send(world.init, &message, ends[1]) == 0);
  close(ends[1]);
}

static int greets(int fd) {
  char byte = 1;
  return read(fd, &byte, 1) == 1 && byte == 0;
}

static void viewers_see_what_the_terminal_shows(void) {
  int master, slave, one[2], two[2], gone[2];
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = terminal_source(&(struct log_config){.name = "web"}, &master, &slave);
  give_viewer(slot, gone);
  close(gone[0]);
  give_viewer(slot, one);
  give_viewer(slot, two);
  assert(greets(one[0]) && greets(two[0]));
  world_write(slave, "one\n");
  world_expect_console(one[0], "one\r\n");
  world_expect_console(two[0], "one\r\n");
  /* One that takes nothing holds nobody up, and hears later what it has missed. */
  char block[4001], text[65536];
  memset(block, 'x', sizeof block - 1);
  block[sizeof block - 1] = 0;
  size_t written = 0, taken = 0;
  for (int i = 0; i < 300; i++, written += sizeof block - 1) {
    world_write(slave, block);
    world_expect_console(one[0], block);
  }
  world_await_bytes(slot, 5 + written);
  for (ssize_t got; (got = recv(two[0], text, sizeof text, MSG_DONTWAIT)) > 0;) taken += (size_t)got;
  assert(taken > 0 && taken < written);
  world_write(slave, "two\n");
  world_expect_console(one[0], "two\r\n");
  snprintf(text, sizeof text, "\r\n[gonit: %zu bytes are left out here]\r\ntwo\r\n", written - taken);
  world_expect_console(two[0], text);
  /* They end with the logger. */
  world_drain();
  assert(read(one[0], text, 1) == 0 && read(two[0], text, 1) == 0);
  close(one[0]), close(two[0]), close(master), close(slave);
  world_end();
}

static void more_viewers_than_there_can_be_are_turned_away(void) {
  int master, slave, ends[33][2];
  char byte;
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = terminal_source(&(struct log_config){.name = "web"}, &master, &slave);
  for (int i = 0; i < 33; i++) give_viewer(slot, ends[i]);
  for (int i = 0; i < 32; i++) assert(greets(ends[i][0]));
  assert(read(ends[32][0], &byte, 1) == 0);
  close(ends[32][0]);
  for (int i = 0; i < 32; i++) close(ends[i][0]);
  give_viewer(slot, ends[0]); /* those who went away give their places */
  assert(greets(ends[0][0]));
  world_write(slave, "one\n");
  world_expect_console(ends[0][0], "one\r\n");
  close(ends[0][0]), close(master), close(slave);
  world_end();
}

/* ---- limits of output ---- */

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
  stamp_is_the_iso_date();
  raw_file_gets_bytes_as_they_are();
  stamps_stand_before_each_line();
  long_lines_are_cut_at_the_limit();
  json_lines_are_json();
  rotation_keeps_whole_lines_and_so_many_archives();
  keep_zero_starts_over();
  what_cannot_be_moved_is_given_up();
  deleted_file_and_folder_are_made_anew();
  reopen_follows_external_rotation();
  changed_path_is_used_from_the_next_bytes_on();
  file_that_cannot_be_opened_leaves_memory();
  memory_holds_the_last_bytes();
  console_shows_whole_lines_with_names();
  unfinished_line_is_shown_after_a_while();
  long_console_line_stays_whole();
  console_without_prefix_gets_bytes_as_they_come();
  slow_console_holds_up_its_own_sources_only();
  slow_console_loses_lines_in_a_vm();
  console_that_is_gone_takes_everything();
  forgotten_source_is_read_to_its_end();
  watched_lines_ring();
  table_survives_changes_of_every_size();
  more_than_its_rate_is_dropped_told_and_counted();
  terminal_is_logged_without_its_carriage_returns();
  terminal_on_a_console_and_in_json();
  viewers_see_what_the_terminal_shows();
  more_viewers_than_there_can_be_are_turned_away();
  return 0;
}
