/* hello: the least that a process 1, or a service, can do: says that it is there, and stays. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  static const char text[] = "hello from user space\n";
  int console = open("/dev/console", O_WRONLY | O_NOCTTY);
  ssize_t written = write(getpid() == 1 && console >= 0 ? console : 1, text, strlen(text));
  (void)written;
  for (;;) pause();
}
