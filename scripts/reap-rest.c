/*
 * Test tool: runs a program and proves that it leaves no process behind.
 *
 *   reap-rest PROGRAM [ARGUMENT ...]
 *
 * It is the subreaper of all that the program starts (PR_SET_CHILD_SUBREAPER, prctl(2)), so that an orphan comes to it
 * whatever became of its parents, its session or its environment. When the program has ended, what is still there after
 * a short grace is named on standard error and killed, and the exit code is 97. SIGTERM, or the death of the parent,
 * ends all of it at once.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_LEFT 97
/* What was killed at the program's end needs a moment to be gone. */
#define GRACE_MS 1000
#define KILL_MS 10000
#define PROCESSES_MAX 65536

struct process {
  pid_t pid, parent;
  int ours;
};

static struct process processes[PROCESSES_MAX];
static int ending; /* SIGTERM or SIGINT came */

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static int read_text(pid_t pid, const char *name, char *text, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  FILE *file = fopen(path, "r");
  if (file == NULL) return -errno;
  size_t length = fread(text, 1, size - 1, file);
  fclose(file);
  text[length] = '\0';
  return (int)length;
}

/* The name may hold anything, also brackets: the fields follow the last one (proc(5)). */
static int read_process(pid_t pid, struct process *process) {
  char text[1024], state;
  int parent;
  if (read_text(pid, "stat", text, sizeof text) <= 0) return 0;
  const char *end = strrchr(text, ')');
  if (end == NULL || sscanf(end + 1, " %c %d", &state, &parent) != 2 || state == 'Z') return 0;
  *process = (struct process){.pid = pid, .parent = parent, .ours = 0};
  return 1;
}

static int scan(void) {
  DIR *directory = opendir("/proc");
  if (directory == NULL) return 0;
  int count = 0;
  struct dirent *entry;
  while (count < PROCESSES_MAX && (entry = readdir(directory)) != NULL) {
    pid_t pid = atoi(entry->d_name);
    if (pid > 0 && pid != getpid()) count += read_process(pid, &processes[count]);
  }
  closedir(directory);
  return count;
}

static int is_ours(pid_t pid, int count) {
  if (pid == getpid()) return 1;
  for (int i = 0; i < count; i++)
    if (processes[i].pid == pid) return processes[i].ours;
  return 0;
}

/* Marks our descendants: a parent can stand behind its child in the list, so until nothing changes. */
static int mark_descendants(void) {
  int count = scan();
  for (int changed = 1; changed != 0;) {
    changed = 0;
    for (int i = 0; i < count; i++) {
      if (processes[i].ours || !is_ours(processes[i].parent, count)) continue;
      processes[i].ours = changed = 1;
    }
  }
  return count;
}

static void name_process(pid_t pid) {
  char text[512];
  int length = read_text(pid, "cmdline", text, sizeof text);
  for (int i = 0; i + 1 < length; i++)
    if (text[i] == '\0') text[i] = ' ';
  fprintf(stderr, "left over: process %d: %s\n", (int)pid, length > 0 ? text : "?");
}

static void kill_descendants(int tell) {
  int count = mark_descendants();
  for (int i = 0; i < count; i++) {
    if (!processes[i].ours) continue;
    if (tell) name_process(processes[i].pid);
    kill(processes[i].pid, SIGKILL);
  }
}

/* Reaps until there is no child or the time is over; whether none is left. */
static int reap_all(long limit_ms, int kill_too) {
  for (long end = now_ms() + limit_ms; now_ms() < end; pause_ms(2)) {
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
      ;
    if (pid < 0 && errno == ECHILD) return 1;
    if (kill_too) kill_descendants(0);
  }
  return 0;
}

/* Reaps what ends until the program does or we are told to end; its exit code. The signals are blocked, none is lost. */
static int wait_for(pid_t program, const sigset_t *signals) {
  for (;;) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
      if (pid == program) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    int signal = sigwaitinfo(signals, NULL);
    if (signal != SIGTERM && signal != SIGINT) continue;
    ending = 1;
    return 128 + signal;
  }
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  pid_t program = fork();
  if (program < 0) return 126;
  if (program == 0) {
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    execvp(argv[1], argv + 1);
    fprintf(stderr, "cannot run %s: %s\n", argv[1], strerror(errno));
    _exit(127);
  }
  int code = wait_for(program, &signals);
  if (!ending && reap_all(GRACE_MS, 0)) return code;
  kill_descendants(!ending);
  if (!reap_all(KILL_MS, 1)) fprintf(stderr, "left over: some processes cannot be killed\n");
  return ending ? code : EXIT_LEFT;
}
