/* fails-times FILE COUNT [CODE]: counts its starts in FILE; ends with CODE (1) for the first COUNT of them, after that says
 * "started N" and sleeps. */
#include "child.h"

int main(int argc, char **argv) {
  int starts = 0;
  char text[32];
  if (argc < 3) return 2;
  FILE *file = fopen(argv[1], "r");
  if (file != NULL) {
    if (fscanf(file, "%d", &starts) != 1) starts = 0;
    fclose(file);
  }
  file = fopen(argv[1], "w");
  if (file == NULL) fail(argv[1]);
  fprintf(file, "%d\n", ++starts);
  fclose(file);
  snprintf(text, sizeof text, "started %d", starts);
  say(text);
  if (starts <= atoi(argv[2])) return (int)number_argument(argc, argv, 3, 1);
  sleep_for_ever();
}
