// with: logger.c binary-pages.c logger-console.c logger-drain.c logger-file.c logger-json.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c pty.c log-table.c log-api.c ledger.c init-message.c test-hook.c
// valgrind
/* Terminals as the source of a log, and those who look at them, against a real logger process. */
#include "logger-world.h"

#include <sys/ioctl.h>

#include "../../host/pty.h"

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
  world_remove_stamps(text);
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

int main(void) {
  terminal_is_logged_without_its_carriage_returns();
  terminal_on_a_console_and_in_json();
  viewers_see_what_the_terminal_shows();
  more_viewers_than_there_can_be_are_turned_away();
  return 0;
}
