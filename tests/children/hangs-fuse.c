/* hangs-fuse FOLDER: a FUSE file system that answers nothing but its mount: every look below FOLDER hangs. */
#include <linux/fuse.h>
#include <sys/mount.h>

#include "child.h"

static int serve(const char *folder) {
  char options[64], buffer[FUSE_MIN_READ_BUFFER];
  struct {
    struct fuse_out_header head;
    struct fuse_init_out body;
  } answer = {0};
  int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0) return -1;
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
  if (mount("hangs", folder, "fuse", MS_NOSUID | MS_NODEV, options) != 0) return -1;
  if (read(fuse, buffer, sizeof buffer) < (ssize_t)sizeof(struct fuse_in_header)) return -1;
  answer.head.len = sizeof answer;
  answer.head.unique = ((struct fuse_in_header *)buffer)->unique;
  answer.body.major = FUSE_KERNEL_VERSION;
  answer.body.minor = FUSE_KERNEL_MINOR_VERSION;
  answer.body.max_write = 4096;
  return write(fuse, &answer, sizeof answer) == sizeof answer ? 0 : -1;
}

int main(int argc, char **argv) {
  if (argc < 2 || serve(argv[1]) != 0) {
    say("cannot");
    return 1;
  }
  say("mounted");
  sleep_for_ever();
}
