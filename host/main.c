/* Chooses what this process is; see entry.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "contract.h"
#include "entry.h"

#define PREFIX "gonit: "

/* A program that is started with 0, 1 or 2 closed would give those numbers to files of its own. */
static void open_standard_descriptors(void) {
  int fd;
  do {
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd <= 2 && fcntl(fd, F_SETFD, 0) == 0);
  if (fd > 2) close(fd);
}

static int has_help(int argc, char **argv) {
  for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return 1;
  }
  return 0;
}

static int has_flag(int argc, char **argv, const char *name) {
  for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], name) == 0) return 1;
  }
  return 0;
}

static void hand_on(const struct isolated *isolated) {
  char text[300];
  size_t used = 0;
  text[0] = '\0';
  if (isolated->inside) setenv("GONIT_INIT_ISOLATED", "1", 1);
  for (int i = 0; i < 8 && isolated->notices[i] != NULL && used < sizeof text; i++) {
    used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", isolated->notices[i]);
  }
  if (text[0] != '\0') setenv("GONIT_INIT_NOTICES", text, 1);
  if (isolated->failed_step == NULL) return;
  snprintf(text, sizeof text, "step=\"%s\" error=\"%s\"", isolated->failed_step, strerror(isolated->error));
  setenv("GONIT_INIT_FAILED_STEP", text, 1);
}

/* Executes this binary once more under the name `gonit: init`, so that ps shows it; on where that is refused. */
static int become_init(int argc, char **argv) {
  extern char **environ;
  char number[16];
  const char *path = (const char *)getauxval(AT_EXECFN);
  int fd = open("/proc/self/exe", O_PATH);
  if (fd < 0 && path != NULL) fd = open(path, O_PATH);
  argv[0] = (char *)PREFIX "init";
  if (fd >= 0) {
    snprintf(number, sizeof number, "%d", fd);
    setenv("GONIT_INIT_EXE", number, 1);
    syscall(SYS_execveat, fd, "", argv, environ, 0x1000 /* AT_EMPTY_PATH */);
  }
  return init_main(argc, argv);
}

static int start_init(int argc, char **argv) {
  struct isolated isolated = {0};
  if (has_flag(argc, argv, "--isolated") && strcmp(argv[1], "up") == 0) {
    int code = isolated_enter(argc, argv, &isolated);
    if (code >= 0) return code;
    hand_on(&isolated);
  }
  return become_init(argc, argv);
}

static int start_role(const char *name, int argc, char **argv) {
  char title[16];
  snprintf(title, sizeof title, PREFIX "%s", name);
  prctl(PR_SET_NAME, title);
  if (strcmp(name, "init") == 0) return init_main(argc, argv);
  if (strcmp(name, "manager") == 0) return manager_main(argc, argv);
  if (strcmp(name, "logger") == 0) return logger_main();
  if (strcmp(name, "reader") == 0) return reader_main(argc, argv);
  return service_main(name, argc, argv);
}

int main(int argc, char **argv) {
  open_standard_descriptors();
  if (argc > 0 && strncmp(argv[0], PREFIX, sizeof PREFIX - 1) == 0) {
    return start_role(argv[0] + sizeof PREFIX - 1, argc, argv);
  }
  int starts = argc > 1 && (strcmp(argv[1], "up") == 0 || strcmp(argv[1], "init") == 0) && !has_help(argc, argv);
  if (getpid() == 1 || starts) return start_init(argc, argv);
  return client_main(argc, argv);
}
