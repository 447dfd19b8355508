/* The bytecode of all modules, linked in by the build (scripts/): trusted input, never loaded from a path. Filters of
 * seccomp(2) lie beside them as "seccomp/NAME". */
#ifndef GONIT_EMBEDDED_H
#define GONIT_EMBEDDED_H

struct embedded_module {
  const char *name; /* such as "manager", "cli/main", "services/networking" */
  const unsigned char *data;
  unsigned size;
  unsigned packed;  /* bytes of data, which are a block of LZ4; 0: data is not packed */
  unsigned is_lzma; /* 1: they are a stream of LZMA instead */
};

extern const struct embedded_module embedded_modules[];
extern const unsigned embedded_module_count;
extern const char embedded_build[]; /* made from all of them: another one when any is another */

#endif
