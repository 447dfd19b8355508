/* vm-init: process 1 of a virtual machine that does what is typed on its console: see `commands`. */
#include "child.h"

#include <dirent.h>
#include <linux/input.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Loads what /system/modules lists: a path a line, a blank, options. */
static void load_modules(char *ignored) {
  (void)ignored;
  char line[512];
  FILE *list = fopen("/system/modules", "r");
  if (list == NULL) fail("/system/modules");
  while (fgets(line, sizeof line, list) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *options = strchr(line, ' ');
    if (options != NULL) *options++ = '\0';
    int file = open(line, O_RDONLY | O_CLOEXEC);
    /* 4: MODULE_INIT_COMPRESSED_FILE, finit_module(2). */
    int flags = strstr(line, ".ko.") != NULL ? 4 : 0;
    if (file < 0 || syscall(SYS_finit_module, file, options == NULL ? "" : options, flags) != 0) fail(line);
    close(file);
  }
  fclose(list);
  say("modules are loaded");
}

static void power_off(char *ignored) {
  (void)ignored;
  sync();
  reboot(RB_POWER_OFF);
}

static void restart(char *ignored) {
  (void)ignored;
  sync();
  reboot(RB_AUTOBOOT);
}

static void halt(char *ignored) {
  (void)ignored;
  reboot(RB_HALT_SYSTEM);
}

/* Ends the machine with a number through the status port. */
static void write_status(char *number) {
  if (iopl(3) != 0) fail("iopl");
  outb((unsigned char)atoi(number), 0xf4);
}

static void echo(char *text) { say(text); }

static void show(char *path) {
  char block[4096];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(path);
  for (ssize_t size; (size = read(file, block, sizeof block)) > 0;) {
    if (write(1, block, (size_t)size) < 0) fail("write");
  }
  close(file);
}

static void show_mode(char *path) {
  struct stat status;
  if (lstat(path, &status) != 0) fail(path);
  printf("%s: mode %o of %u:%u\n", path, (unsigned)status.st_mode, (unsigned)status.st_uid, (unsigned)status.st_gid);
  fflush(stdout);
}

/* Says each press of the power button; ends with the first. */
static void wait_for_button(char *ignored) {
  (void)ignored;
  struct input_event event;
  int files[8], count = 0;
  for (int number = 0; number < 8; number++) {
    char path[32];
    snprintf(path, sizeof path, "/dev/input/event%d", number);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file >= 0) files[count++] = file;
  }
  say("waiting for the button");
  for (;; sleep_ms(10)) {
    for (int index = 0; index < count; index++) {
      if (read(files[index], &event, sizeof event) != (ssize_t)sizeof event) continue;
      if (event.type == EV_KEY && event.code == KEY_POWER) {
        say("the button was pressed");
        return;
      }
    }
  }
}

static void leave(char *ignored) {
  (void)ignored;
  exit(0);
}

static const struct {
  const char *name;
  void (*perform)(char *argument);
} commands[] = {
    {"poweroff", power_off}, {"reboot", restart}, {"halt", halt},      {"exit", leave},          {"status", write_status},
    {"echo", echo},          {"show", show},      {"mode", show_mode}, {"modules", load_modules}, {"button", wait_for_button},
};

static void perform(char *line) {
  char *argument = strchr(line, ' ');
  if (argument != NULL) *argument++ = '\0';
  for (size_t index = 0; index < sizeof commands / sizeof *commands; index++) {
    if (strcmp(line, commands[index].name) == 0) commands[index].perform(argument == NULL ? "" : argument);
  }
}

int main(void) {
  mkdir("/dev", 0755);
  mkdir("/proc", 0755);
  mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  mount("proc", "/proc", "proc", 0, NULL);
  int console = open("/dev/console", O_RDWR);
  for (int number = 0; console >= 0 && number < 3; number++) dup2(console, number);
  say("vm-init is ready");
  char line[512];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\r\n")] = '\0';
    perform(line);
  }
  sleep_for_ever();
}
