/* Chooses what this process is; see entry.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "init.h"

#define PREFIX "gonit: "

/* A program that is started with 0, 1 or 2 closed would give those numbers to files of its own. */
static void open_standard_descriptors(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    int opened = open("/dev/null", O_RDWR);
    /* A machine has no /dev yet. */
    if (opened < 0) opened = open("/", O_RDONLY | O_DIRECTORY);
    if (opened > fd) {
      dup2(opened, fd);
      close(opened);
    }
  }
}

static int has_flag(int argc, char **argv, const char *name, const char *short_name) {
  for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], name) == 0 || strcmp(argv[i], short_name) == 0) return 1;
  }
  return 0;
}

/* `names`: with a blank before and behind each. */
static int is_one_of(const char *names, const char *word, int length) {
  char padded[24];
  return snprintf(padded, sizeof padded, " %.*s ", length, word) < (int)sizeof padded && strstr(names, padded) != NULL;
}

/* Options are read by the manager (src/runtime/options.ts), when init has begun and said so. One that is not known or
 * lacks its value is told before that: by the client, which knows them too. */
static int is_misused(int argc, char **argv, int is_up) {
  const char *valued = " --file -f --config -c --instance --socket --log-format ";
  const char *flags = is_up ? " --isolated --detach -d " : " --group -g ";
  for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
    const char *word = argv[i], *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    int length = (int)(equals == NULL ? strlen(word) : (size_t)(equals - word));
    if (word[0] != '-' || length == 1) continue;
    if (is_one_of(valued, word, length)) {
      if (equals == NULL && ++i == argc) return 1;
    } else if (equals != NULL || !is_one_of(flags, word, length)) return 1;
  }
  return 0;
}

static int start_init(int argc, char **argv, int is_up) {
  struct isolated isolated = {0};
  int detach_fd = 0;
  if (is_up && has_flag(argc, argv, "--detach", "-d")) {
    int code = detach(&detach_fd);
    if (code >= 0) return code;
  }
  if (is_up && has_flag(argc, argv, "--isolated", "--isolated")) {
    int code = isolated_enter(argc, argv, &isolated);
    if (code >= 0) return code;
  }
  return init_start(argc, argv, &isolated, detach_fd);
}

static int start_role(const char *name, int argc, char **argv) {
  prctl(PR_SET_NAME, argv[0]); /* executed by a descriptor, we would be named like its number */
  if (strcmp(name, "init") == 0) return init_main(argc, argv);
  if (strcmp(name, "manager") == 0) return manager_main(argc, argv);
  if (strcmp(name, "logger") == 0) return logger_main();
  if (strcmp(name, "reader") == 0) return reader_main(argc, argv);
  if (strcmp(name, "remove-directories") == 0) return remove_directories_main(argc, argv);
  return service_main(name, argc, argv);
}

int main(int argc, char **argv) {
  open_standard_descriptors();
  if (argc > 0 && strncmp(argv[0], PREFIX, sizeof PREFIX - 1) == 0) {
    return start_role(argv[0] + sizeof PREFIX - 1, argc, argv);
  }
  int is_up = argc > 1 && strcmp(argv[1], "up") == 0, is_init = argc > 1 && strcmp(argv[1], "init") == 0;
  int is_ours = is_up || is_init;
  if (is_ours && (has_flag(argc, argv, "--help", "-h") || is_misused(argc, argv, is_up))) is_ours = 0;
  if (getpid() == 1 || is_ours) return start_init(argc, argv, is_up);
  return client_main(argc, argv);
}
