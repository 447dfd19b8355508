#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* Linux 4.13, see ioctl_tty(2) */
#endif

/* A namespace of its own file systems may have the second name only (see the kernel's devpts.rst). */
static int open_master(void) {
  int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
  int fd = open("/dev/ptmx", flags);
  if (fd < 0 && errno != EMFILE && errno != ENFILE) fd = open("/dev/pts/ptmx", flags);
  return fd < 0 ? -errno : fd;
}

/* By its master where the kernel can: /dev/pts may be another one than the master's. */
static int open_slave(int master) {
  int locked = 0, number;
  char path[32];
  if (ioctl(master, TIOCSPTLCK, &locked) < 0) return -errno;
  int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0) return fd;
  if (ioctl(master, TIOCGPTN, &number) < 0) return -errno;
  snprintf(path, sizeof path, "/dev/pts/%d", number);
  fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int pty_open(int *master, int *slave) {
  *master = open_master();
  if (*master < 0) return *master;
  *slave = open_slave(*master);
  if (*slave >= 0) return 0;
  close(*master);
  return *slave;
}

static void usual_keys(cc_t *keys) {
  keys[VINTR] = 3;
  keys[VQUIT] = 28;
  keys[VERASE] = 127;
  keys[VKILL] = 21;
  keys[VEOF] = 4;
  keys[VSTART] = 17;
  keys[VSTOP] = 19;
  keys[VSUSP] = 26;
  keys[VREPRINT] = 18;
  keys[VWERASE] = 23;
  keys[VLNEXT] = 22;
  keys[VEOL] = keys[VEOL2] = 0;
  keys[VMIN] = 1;
  keys[VTIME] = 0;
}

void terminal_usual_modes(struct termios *modes) {
  modes->c_iflag = ICRNL | IXON | BRKINT | IUTF8;
  modes->c_oflag = OPOST | ONLCR;
  modes->c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
  modes->c_cflag = (modes->c_cflag & ~(unsigned)CSIZE) | CS8 | CREAD | HUPCL;
  usual_keys(modes->c_cc);
}

int pty_reset(int slave) {
  struct termios modes;
  if (tcgetattr(slave, &modes) < 0) return -errno;
  terminal_usual_modes(&modes);
  return tcsetattr(slave, TCSANOW, &modes) < 0 ? -errno : 0;
}
