/*
 * What the kernel alone costs: a bare posix_spawn(3) loop.
 *
 *   floor COUNT PROGRAM [ARGUMENT ...]
 *
 * Starts the program COUNT times and prints the milliseconds; when a line comes on standard input, ends all with SIGTERM,
 * waits for them and prints the milliseconds of that.
 */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void print_since(double began) {
  printf("%.3f\n", now_ms() - began);
  fflush(stdout);
}

int main(int argc, char **argv) {
  int count = argc > 2 ? atoi(argv[1]) : 0;
  pid_t *pids = calloc((size_t)count + 1, sizeof *pids);
  if (count <= 0 || pids == NULL) return 2;
  double began = now_ms();
  for (int i = 0; i < count; i++)
    if (posix_spawn(&pids[i], argv[2], NULL, NULL, argv + 2, environ) != 0) return 1;
  print_since(began);
  while (getchar() != '\n') continue;
  began = now_ms();
  for (int i = 0; i < count; i++) kill(pids[i], SIGTERM);
  for (int i = 0; i < count; i++) waitpid(pids[i], NULL, 0);
  print_since(began);
  free(pids);
  return 0;
}
