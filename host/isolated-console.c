/*
 * The console: a pty of the little system's own /dev/pts, so that ttyname(3) and /dev/console name something inside.
 * The master goes to the outer process, which relays (host/relay.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>
#include <unistd.h>

#include "isolated.h"

#define CONSOLE "/dev/console"

/* The slave takes over the terminal's own settings and size: its erase key, its UTF-8 mode. */
static void copy_settings(int from, int slave) {
  struct termios modes;
  struct winsize size;
  if (tcgetattr(from, &modes) == 0) tcsetattr(slave, TCSANOW, &modes);
  if (ioctl(from, TIOCGWINSZ, &size) == 0) ioctl(slave, TIOCSWINSZ, &size);
}

/* Standard descriptors that are terminals outside become the console; one that the user led elsewhere stays there. */
static int take_descriptors(int slave) {
  for (int fd = 0; fd <= 2; fd++)
    if (isatty(fd) && dup2(slave, fd) < 0) return -errno;
  return 0;
}

static int open_slave(struct isolated_world *world, int master) {
  int number, locked = 0;
  char path[32];
  int result = isolated_step(world, "open the console's slave");
  if (result < 0) return result;
  if (ioctl(master, TIOCSPTLCK, &locked) < 0 || ioctl(master, TIOCGPTN, &number) < 0) return -errno;
  snprintf(path, sizeof path, "/dev/pts/%d", number);
  result = isolated_make_file(CONSOLE);
  if (result == 0) result = isolated_mount(world, path, CONSOLE, NULL, MS_BIND, NULL);
  if (result < 0) return result;
  int slave = open(CONSOLE, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return slave < 0 ? -errno : slave;
}

int isolated_console(struct isolated_world *world) {
  int result = isolated_step(world, "open a pty");
  if (result < 0) return result;
  int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) return -errno;
  int slave = open_slave(world, master);
  result = slave < 0 ? slave : 0;
  if (result == 0) {
    copy_settings(STDIN_FILENO, slave);
    result = take_descriptors(slave);
    close(slave);
  }
  if (result == 0) return master;
  close(master);
  return result;
}
