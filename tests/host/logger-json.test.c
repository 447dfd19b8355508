// with: logger.c binary-pages.c logger-console.c logger-drain.c logger-file.c logger-json.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c log-table.c log-api.c ledger.c init-message.c test-hook.c
// valgrind
/* Log files in JSON, against a real logger process: nobody ever finds less than whole objects for long. */
#include "logger-world.h"

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

/* The objects of a file, each as its message with `+` behind it where it is partial. Anything else in it ends the test. */
static void objects_of(const char *name, char *messages) {
  char *text = world_read(world_path(name)), *to = messages;
  assert(text);
  for (char *at = text, *end; *at; at = end + 1) {
    static const char head[] = "\"service\":\"a\",\"stream\":\"stdout\",\"message\":\"";
    end = strchr(at, '\n');
    assert(end && !strncmp(at, "{\"time\":\"20", 11) && !strncmp(at + 35, head, sizeof head - 1));
    *end = 0;
    char *message = at + 35 + sizeof head - 1, *tail = strstr(message, "\"");
    assert(tail);
    int partial = !strcmp(tail, "\",\"partial\":true}");
    assert(partial || !strcmp(tail, "\"}"));
    to += sprintf(to, "%.*s%s\n", (int)(tail - message), message, partial ? "+" : "");
  }
  *to = 0;
  free(text);
}

static void expect_objects(const char *name, const char *expected) {
  char messages[8192];
  objects_of(name, messages);
  if (strcmp(messages, expected)) fprintf(stderr, "%s has\n%s\ninstead of\n%s\n", name, messages, expected);
  assert(!strcmp(messages, expected));
}

/* Waits until the file ends with whole objects, so many of them. */
static void await_objects(const char *name, int count) {
  int64_t end = world_ms() + WORLD_WAIT_MS;
  for (;;) {
    char *text = world_read(world_path(name));
    int lines = 0;
    for (char *at = text; at && *at; at++) lines += *at == '\n';
    int whole = text && *text && text[strlen(text) - 1] == '\n' && lines == count;
    free(text);
    if (whole) return;
    assert(world_ms() < end);
    world_from_logger();
    world_pause(1000);
  }
}

static int json_source(const char *name, int *fd) {
  return world_source(&(struct log_config){.name = "a", .path = world_path(name), .flags = LOG_FLAG_JSON}, fd);
}

static void line_without_end_is_closed_and_goes_on(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = json_source("a.log", &fd);
  world_write(fd, "one\nfatal");
  await_objects("a.log", 2);
  expect_objects("a.log", "one\nfatal+\n");
  world_write(fd, " error\n");
  await_objects("a.log", 3);
  world_write(fd, "two");
  await_objects("a.log", 4);
  world_write(fd, "\n");
  await_objects("a.log", 5);
  /* Nothing is lost of a character that comes in two halves. */
  world_write(fd, "u\xc3");
  await_objects("a.log", 6);
  world_write(fd, "\xa4\n");
  await_objects("a.log", 7);
  world_write(fd, "v\xc3");
  await_objects("a.log", 9); /* the half is told as what it is when nothing more comes */
  world_write(fd, "w");
  world_drain();
  expect_objects("a.log", "one\nfatal+\n error\ntwo+\n\nu+\n\xc3\xa4\nv+\n\xef\xbf\xbd+\nw+\n");
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.bytes == 27 && counters.lines == 4 && counters.dropped == 0);
  close(fd);
  world_end();
}

/* Killed at each of its steps, with a line open: the next one closes it, once. */
static void death_while_closing_loses_and_doubles_nothing(void) {
  static const char *hooks[] = {"log-prepare", "log-commit", "log-committed", "log-flush-bytes", "log-flush-mark",
                                "log-flush-phase", "log-phase-finished", "log-finish-progress", "log-phase-idle", "log-finished"};
  int deaths = 0;
  for (size_t at = 0; at < 3 * sizeof hooks / sizeof *hooks; at++) {
    int fd;
    char hook[64];
    world_begin(ROLE_LAPTOP);
    int slot = json_source("a.log", &fd);
    world_start();
    world_write(fd, "one\nfat\xc3");
    world_await_bytes(slot, 8);
    world_kill();
    snprintf(hook, sizeof hook, "%s=kill@%zu", hooks[at / 3], 1 + at % 3);
    setenv("GONIT_HOOK", hook, 1);
    world_start();
    unsetenv("GONIT_HOOK");
    struct init_message message = {.version = CONTRACT_VERSION, .op = INIT_OP_LOG_DRAIN};
    init_message_send(world.init, &message, -1);
    if (WIFSIGNALED(world_end_logger(0))) {
      deaths++;
      world_start();
      world_drain();
    }
    expect_objects("a.log", "one\nfat+\n\xef\xbf\xbd+\n");
    close(fd);
    world_end();
  }
  assert(deaths > 15);
}

static void who_watches_hears_of_a_closed_object(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  struct log_config config = {.name = "a", .path = world_path("a.log"), .flags = LOG_FLAG_JSON | LOG_FLAG_WATCH};
  int slot = world_source(&config, &fd);
  int64_t end = world_ms() + WORLD_WAIT_MS;
  while (!world.watched) world_from_logger(); /* a new logger rings once */
  world.watched = 0;
  world_write(fd, "password: ");
  world_await_bytes(slot, 10);
  while (!world.watched) {
    assert(world_ms() < end);
    world_from_logger();
    world_pause(1000);
  }
  expect_objects("a.log", "password: +\n");
  close(fd);
  world_end();
}

static void cut_lines_are_partial(void) {
  int fd;
  static char line[70001];
  char messages[8192];
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "a", .path = world_path("a.log"), .flags = LOG_FLAG_JSON, .line_limit = 8}, &fd);
  world_write(fd, "12345678\n123456789\n1234567890123456\nx\n");
  world_drain();
  expect_objects("a.log", "12345678\n12345678+\n9\n12345678+\n90123456\nx\n");
  close(fd);
  world_end();

  /* A line that is longer than a file: neither file has half an object. */
  world_begin(ROLE_LAPTOP);
  world_start();
  struct log_config small = {.name = "a", .path = world_path("a.log"), .flags = LOG_FLAG_JSON, .max_size = 100, .keep = 1};
  int slot = world_source(&small, &fd);
  memset(line, 'x', 70000);
  world_write(fd, line);
  world_await_bytes(slot, 70000);
  world_write(fd, "end\n");
  world_drain();
  char *old = world_read(world_path("a.log.1"));
  assert(old && strlen(old) > 65536 && !strcmp(old + strlen(old) - 18, "\",\"partial\":true}\n"));
  free(old);
  objects_of("a.log", messages);
  assert(strlen(messages) >= 4 && !strcmp(messages + strlen(messages) - 4, "end\n") && !strchr(messages, '+'));
  close(fd);
  world_end();
}

static void source_that_is_forgotten_leaves_whole_objects(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  json_source("a.log", &fd);
  world_write(fd, "last words\xe2\x82");
  log_forget(&world.ledger, world.manager[0], "a");
  world_from_manager();
  close(fd);
  int64_t end = world_ms() + WORLD_WAIT_MS;
  while (!world.forgotten) {
    assert(world_ms() < end);
    world_from_logger();
    world_pause(1000);
  }
  expect_objects("a.log", "last words+\n\xef\xbf\xbd+\n");
  world_end();
}

int main(void) {
  json_lines_are_json();
  line_without_end_is_closed_and_goes_on();
  who_watches_hears_of_a_closed_object();
  cut_lines_are_partial();
  source_that_is_forgotten_leaves_whole_objects();
  death_while_closing_loses_and_doubles_nothing();
  return 0;
}
