/* forks-without-end COUNT: COUNT processes that ignore SIGTERM and make another one whenever one of them is gone. Says
 * "ready" when they are complete. */
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "child.h"

int main(int argc, char **argv) {
  long most = number_argument(argc, argv, 1, 10);
  atomic_long *count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (count == MAP_FAILED) fail("mmap");
  signal(SIGTERM, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);
  atomic_store(count, 1);
  for (;;) {
    while (waitpid(-1, NULL, WNOHANG) > 0) atomic_fetch_sub(count, 1);
    long seen = atomic_load(count);
    if (seen >= most) {
      sleep_ms(1);
      continue;
    }
    if (!atomic_compare_exchange_strong(count, &seen, seen + 1)) continue;
    pid_t pid = fork();
    if (pid < 0) atomic_fetch_sub(count, 1);
    if (pid == 0 && seen + 1 == most) say("ready");
  }
}
