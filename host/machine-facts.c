/*
 * What a machine knows from its last run: a bound for the clock, entropy, and who it is.
 *
 *   STATE_FOLDER/random-seed  512 random bytes, mixed into the kernel's pool at the next start and replaced at once, so
 *                             that no two starts use the same. Its time of change is a lower bound for the clock.
 *   /etc/machine-id           32 hexadecimal digits (machine-id(5)), made at the first start. Where it cannot be written
 *                             the id is that of this run, in /run, and seen under the usual name if that file exists.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

#define STATE_FOLDER "/system/state"
#define SEED STATE_FOLDER "/random-seed"
#define SEED_NEW SEED ".new"
#define SEED_BYTES 512
#define MACHINE_ID "/etc/machine-id"
#define MACHINE_ID_OF_RUN "/run/machine-id"
#define ID_DIGITS 32

static int read_small(const char *path, char *bytes, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -errno;
  ssize_t got = read(fd, bytes, size);
  close(fd);
  return (int)got;
}

static int write_small(const char *path, const char *bytes, size_t size, mode_t mode) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return -errno;
  int result = write(fd, bytes, size) == (ssize_t)size && fsync(fd) == 0 ? 0 : -EIO;
  close(fd);
  return result;
}

/* A machine without a battery begins in 1970, before its own files were made. */
static void set_clock(void) {
  static const char *const witnesses[] = {"/proc/self/exe", SEED};
  struct timespec now, least = {0};
  struct stat status;
  for (unsigned i = 0; i < sizeof witnesses / sizeof witnesses[0]; i++) {
    if (stat(witnesses[i], &status) == 0 && status.st_mtim.tv_sec > least.tv_sec) least = status.st_mtim;
  }
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec < least.tv_sec) clock_settime(CLOCK_REALTIME, &least);
}

/* What the kernel gives now, over what was there: early in a boot the kernel's part may be worth little. */
static void write_seed(void) {
  char bytes[SEED_BYTES], old[SEED_BYTES] = {0};
  if (access(STATE_FOLDER, F_OK) < 0) mkdir(STATE_FOLDER, 0755);
  if (access(STATE_FOLDER, W_OK) < 0 || read_small("/dev/urandom", bytes, sizeof bytes) != sizeof bytes) return;
  read_small(SEED, old, sizeof old);
  for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] ^= old[i];
  if (write_small(SEED_NEW, bytes, sizeof bytes, 0600) == 0) rename(SEED_NEW, SEED);
}

static void mix_seed(void) {
  char bytes[SEED_BYTES];
  int got = read_small(SEED, bytes, sizeof bytes);
  int fd = got > 0 ? open("/dev/urandom", O_WRONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  /* Not credited: an image that was copied would have the seed of the original. */
  if (write(fd, bytes, (size_t)got) == got) write_seed();
  close(fd);
}

static int is_id(const char *text) { return strspn(text, "0123456789abcdef") == ID_DIGITS; }

/* As the kernel makes a random UUID, which never blocks; without its dashes. Early in the first start there may be no
 * other source. */
static int new_id(char *id) {
  char uuid[64] = {0};
  int used = 0;
  if (read_small("/proc/sys/kernel/random/uuid", uuid, sizeof uuid - 1) <= 0) return -ENOENT;
  for (const char *at = uuid; *at != '\0' && used < ID_DIGITS; at++) {
    if (*at != '-' && *at != '\n') id[used++] = *at;
  }
  id[used++] = '\n';
  id[used] = '\0';
  return is_id(id) ? 0 : -EINVAL;
}

static void make_machine_id(void) {
  char id[ID_DIGITS + 8] = {0};
  int got = read_small(MACHINE_ID, id, sizeof id - 1);
  if ((got > 0 && is_id(id)) || new_id(id) < 0) return;
  if (access("/etc", F_OK) < 0) return;
  if (write_small(MACHINE_ID, id, ID_DIGITS + 1, 0444) == 0) return;
  if (write_small(MACHINE_ID_OF_RUN, id, ID_DIGITS + 1, 0444) < 0 || got < 0) return;
  mount(MACHINE_ID_OF_RUN, MACHINE_ID, NULL, MS_BIND, NULL);
}

void machine_facts_restore(void) {
  set_clock();
  mix_seed();
  make_machine_id();
}

void machine_facts_keep(void) {
  if (role_in_initial_namespace()) write_seed();
}
