/* hello: the least that a process 1, or a service, can do: says that it is there and by its clock when, and stays. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  char text[80];
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int length = snprintf(text, sizeof text, "hello from user space at %ld.%06ld s\n", (long)now.tv_sec, now.tv_nsec / 1000);
  int console = open("/dev/console", O_WRONLY | O_NOCTTY);
  ssize_t written = write(getpid() == 1 && console >= 0 ? console : 1, text, (size_t)length);
  (void)written;
  for (;;) pause();
}
