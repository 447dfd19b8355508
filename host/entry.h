/*
 * What the one binary can become. main() (host/main.c) chooses by argv[0], by the verb and by the process number:
 *
 *   argv[0] "gonit: manager", "gonit: logger"   roles, started by init with the descriptors of ROLE_FD_*
 *   argv[0] "gonit: reader"                     configuration text to plan; arguments are those of src/reader.ts
 *   argv[0] "gonit: remove-directories"         the run directories of a service that has ended
 *   argv[0] "gonit: NAME"                       a built-in service, module services/NAME
 *   process 1, or the verb `up` or `init`       init
 *   anything else                               a client: cli/main
 */
#ifndef GONIT_ENTRY_H
#define GONIT_ENTRY_H

/* Each returns the process's exit code. argv[0] stands before the arguments, as in main(). */
int init_main(int argc, char **argv);
int manager_main(int argc, char **argv); /* argv: what init was started with, so that TypeScript parses the options */
int logger_main(void);
int reader_main(int argc, char **argv);
int remove_directories_main(int argc, char **argv); /* argv: pairs of a trusted folder and a name below it */
int service_main(const char *name, int argc, char **argv);
int client_main(int argc, char **argv);

/* `up --isolated`: see host/isolated.c. */
struct isolated {
  int inside;              /* 1: we are process 1 of the new namespaces and go on as init */
  const char *failed_step; /* the step that was refused: we go on outside, as a subreaper; NULL when inside */
  int error;               /* its errno */
  const char *notices[8];  /* what is poorer than usual, such as the host's /proc; ends in NULL */
};

/* >= 0: the outer process's work is over, exit with this code. -1: go on as init, see `isolated`. */
int isolated_enter(int argc, char **argv, struct isolated *isolated);

#endif
