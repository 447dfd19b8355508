// with: logger.c binary-pages.c logger-console.c logger-drain.c logger-file.c logger-json.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c log-table.c log-api.c ledger.c init-message.c test-hook.c
// valgrind
/* What can stand behind gonit's standard output: terminals, files, sockets, one file for both, one that hangs up. */
#include "logger-world.h"

#include <sys/ioctl.h>
#include <termios.h>

#define LINES (LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX)

/* A pseudo terminal; the other side is returned. */
static int terminal_open(int *terminal) {
  char name[64];
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), unlock = 0, number;
  assert(master >= 0 && ioctl(master, TIOCSPTLCK, &unlock) == 0 && ioctl(master, TIOCGPTN, &number) == 0);
  snprintf(name, sizeof name, "/dev/pts/%d", number);
  *terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert(*terminal >= 0);
  return master;
}

static void terminal_shows(const char *term, const char *no_color, const char *expected) {
  int fd, terminal, master;
  world_begin(ROLE_LAPTOP);
  master = terminal_open(&terminal);
  world.out = world.err = terminal;
  setenv("TERM", term, 1);
  if (no_color) setenv("NO_COLOR", no_color, 1);
  else unsetenv("NO_COLOR");
  world_start();
  world_source(&(struct log_config){.name = "web", .flags = LINES}, &fd);
  world_write(fd, "hello\n");
  world_expect_console(master, expected);
  close(fd);
  world_end();
  close(terminal);
  close(master);
}

static void terminal_gets_colours_unless_told_otherwise(void) {
  char coloured[64];
  static const int colours[] = {36, 33, 32, 35, 34, 96, 93, 92, 95, 94};
  int colour = colours[ledger_checksum("web", 3) % 10];
  snprintf(coloured, sizeof coloured, "\033[%dmweb |\033[0m hello\r\n", colour);
  terminal_shows("linux", NULL, coloured);
  terminal_shows("linux", "", coloured);
  terminal_shows("linux", "1", "web | hello\r\n");
  terminal_shows("dumb", NULL, "web | hello\r\n");
}

/* A terminal whose output is stopped (Ctrl-S) must hold up nobody else, and lose nothing. */
static void stopped_terminal_waits(void) {
  int shown, other, terminal, master = 0;
  world_begin(ROLE_LAPTOP);
  master = terminal_open(&terminal);
  world.out = world.err = terminal;
  setenv("TERM", "dumb", 1);
  assert(tcflow(terminal, TCOOFF) == 0);
  world_start();
  world_source(&(struct log_config){.name = "web", .flags = LINES}, &shown);
  int slot = world_source(&(struct log_config){.name = "file", .path = world_path("file.log")}, &other);
  world_write(shown, "hello\n");
  world_write(other, "on time\n");
  world_await_bytes(slot, 8);
  assert(tcflow(terminal, TCOON) == 0);
  world_expect_console(master, "web | hello\r\n");
  close(shown);
  close(other);
  world_end();
  close(terminal);
  close(master);
}

static void terminal_that_hung_up_costs_nothing(void) {
  int fd, terminal, master;
  struct log_counters counters;
  world_begin(ROLE_CONTAINER);
  master = terminal_open(&terminal);
  world.out = world.err = terminal;
  world_start();
  int slot = world_source(&(struct log_config){.name = "web", .path = world_path("web.log"), .flags = LINES}, &fd);
  close(terminal);
  close(master);
  world_write(fd, "one\n");
  world_await_bytes(slot, 4);
  world_write(fd, "two\n");
  world_await_bytes(slot, 8);
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped + atomic_load(&world.part->console_dropped) > 0);
  world_drain();
  world_expect_file("web.log", "one\ntwo\n");
  close(fd);
  world_end();
}

static void file_as_console(int flags) {
  int web, db;
  world_begin(ROLE_LAPTOP);
  world.out = world.err = open(world_path("out.txt"), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  world_start();
  int first = world_source(&(struct log_config){.name = "web", .flags = LINES}, &web);
  int second = world_source(&(struct log_config){.name = "db", .flags = LINES | LOG_FLAG_CONSOLE_ERROR}, &db);
  world_write(web, "one\n");
  world_await_bytes(first, 4);
  world_write(db, "two\n");
  world_await_bytes(second, 4);
  world_write(web, "three\n");
  world_drain();
  world_expect_file("out.txt", "web | one\ndb | two\nweb | three\n");
  close(web);
  close(db);
  close(world.out);
  world_end();
}

/* With a buffer that a push could fill, and with an ordinary one. */
static void socket_as_console(int buffer_bytes) {
  int fd, ends[2];
  world_begin(ROLE_CONTAINER);
  assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  assert(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes) == 0);
  world.out = ends[0];
  world_start();
  world_source(&(struct log_config){.name = "web", .flags = LINES}, &fd);
  world_write(fd, "one\ntwo\n");
  world_expect_console(ends[1], "web | one\nweb | two\n");
  assert((fcntl(ends[0], F_GETFL) & O_NONBLOCK) == 0); /* it is shared with others, who expect it to block */
  close(fd);
  close(ends[0]);
  close(ends[1]);
  world_end();
}

static void null_as_console(void) {
  int fd;
  world_begin(ROLE_CONTAINER);
  world.out = world.err = open("/dev/null", O_WRONLY | O_CLOEXEC);
  world_start();
  int slot = world_source(&(struct log_config){.name = "web", .flags = LINES}, &fd);
  for (int i = 0; i < 1000; i++) world_write(fd, "a line\n");
  world_await_bytes(slot, 7000);
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped == 0 && atomic_load(&world.part->console_dropped) == 0);
  close(fd);
  close(world.out);
  world_end();
}

static void end_does_not_wait_for_a_stuck_console(void) {
  int shown, filed;
  static char block[100000];
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "web", .flags = LINES}, &shown);
  world_source(&(struct log_config){.name = "db", .path = world_path("db.log"), .flags = LINES}, &filed);
  memset(block, 'x', sizeof block);
  for (size_t i = 99; i < sizeof block; i += 100) block[i] = '\n';
  assert(write(shown, block, sizeof block) == sizeof block); /* more than the console's pipe and ours hold */
  fcntl(shown, F_SETFL, O_NONBLOCK);
  while (write(shown, block, 4000) > 0) continue;
  world_write(filed, "last words\n");
  int64_t start = world_ms();
  world_drain();
  assert(world_ms() - start < LOG_DRAIN_MS);
  world_expect_file("db.log", "last words\n");
  close(shown);
  close(filed);
  world_end();
}

static void end_of_init_is_the_end(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "a", .path = world_path("a.log")}, &fd);
  world_write(fd, "last words\n");
  shutdown(world.init, SHUT_RDWR);
  int status = world_end_logger(0);
  assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  world_expect_file("a.log", "last words\n");
  close(fd);
  world_end();
}

int main(void) {
  terminal_gets_colours_unless_told_otherwise();
  stopped_terminal_waits();
  terminal_that_hung_up_costs_nothing();
  file_as_console(0);
  file_as_console(O_APPEND);
  socket_as_console(4096);
  socket_as_console(131072);
  null_as_console();
  end_does_not_wait_for_a_stuck_console();
  end_of_init_is_the_end();
  return 0;
}
