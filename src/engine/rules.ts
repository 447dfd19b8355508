/** Every rule by which the engine acts, with its one-line explanation: `why` prints them, the reference page lists them. */

export const rules = {
  // What is wanted
  "wanted-at-start": "an enabled service is wanted from the start",
  "wanted-by-name": "a service named on the command line is wanted",
  "wanted-by-request": "a request to start or restart makes a service wanted and clears its count of failures",
  "wanted-by-dependent": "what a wanted service depends on is wanted too",
  listens: "a lazy service is not started yet: gonit listens on its sockets",
  "wanted-by-connection": "the first connection to one of its sockets starts a lazy service",
  "watched-changed": "a service is started anew when something that it watches has changed",
  "unwanted-by-request": "a request to stop makes a service unwanted",
  "unwanted-by-conflict": "starting a service makes those unwanted that conflict with it",
  adopted: "a process that lives when the state was lost is taken over as its service's",
  // Order
  "waits-for-need":
    "a service starts when all that it depends on is as it asks, what it comes after is up, and what conflicts has ended",
  "waits-for-dependents": "nothing is stopped before what needs it has stopped",
  blocked: "a service whose dependency failed or was stopped waits until that comes back",
  // Start
  starts: "everything that the service waits for is there: its start begins",
  "pre-start": "the commands of pre_start run one after the other before the service",
  "pre-start-failed": "a failed command of pre_start fails the start",
  "exec-succeeded": "the program runs",
  "spawn-failed": "the program could not be started",
  "ready-started": "without declared readiness a service is ready when its program runs",
  "ready-notify": "READY=1 makes the service ready",
  "ready-line": "a newline on the readiness descriptor makes the service ready",
  "ready-closed": "a readiness descriptor that is closed without a line fails the start",
  "ready-log": "a line of output that matches makes the service ready",
  "ready-probe": "a probe that succeeds makes the service ready",
  "ready-exit": "the end of the program with success makes the service ready",
  "ready-pid-file": "a service is ready when its pid file names a living process of its own",
  "main-named": "the process that pid_file or MAINPID= names is the main process from now on",
  "main-refused": "only a living process of the service itself is taken as its main process",
  "starter-failed": "a program that fails after it has named its main process fails the start",
  "ready-group": "a group is ready when everything that it depends on is",
  "start-timeout": "a service that is not ready in time is stopped and counts as a failed start",
  "run-timeout": "a service that runs longer than allowed is stopped and counts as failed",
  "notify-error": "ERRNO= before READY=1 fails the start",
  healthy: "a service is healthy when its health answers well for the first time, or again",
  unhealthy: "health that answers badly so many times in a row makes a service unhealthy",
  watchdog: "a service that does not tell WATCHDOG=1 in time hangs and counts as failed",
  "told-stopping": "STOPPING=1 tells that the service is about to end by itself",
  // End
  exited: "the main process ended by itself",
  "tree-remains": "processes that the main process left behind are ended before anything else happens",
  "tree-empty": "no process of the last start is left",
  "post-stop": "the commands of post_stop run one after the other when no process is left",
  "stop-command": "the stop command runs first",
  "stop-signal": "the main process gets the stop signal",
  kill: "what outlives the stop time limit gets SIGKILL",
  "kill-forced": "a forced stop sends SIGKILL at once",
  unkillable: "processes that outlive SIGKILL are reported and not waited for",
  stopped: "a service that is not wanted is stopped when its last process has gone",
  "dependency-lost": "a service is stopped when something that it depends on is lost, and comes back with it",
  // Restart
  "restart-delay": "a service that ended is started again after a delay that grows with each failure in a row",
  "restart-now": "a service that gonit stopped but that is still wanted is started again at once",
  "restart-limit": "too many restarts in the limit's window end a service as failed",
  "no-room": "a start for which the machine has no room is tried again and is no failure of the service",
  "permanent-error": "an error that a new try cannot mend ends the service as failed at once",
  "policy-no-restart": "a failure that the restart policy does not cover ends the service as failed",
  done: "an end with success that the restart policy does not cover is the end: done",
  "next-run": "a task with runs: N is started again until N runs ended with success",
  // Schedule
  scheduled: "a task with a schedule is wanted all the time and runs at its times",
  "schedule-due": "the time of a scheduled task has come",
  "schedule-missed":
    "a time that passed while the clock jumped or the machine slept was missed; missed: run makes up for it, once",
  "overlap-skip": "a time that comes while the last run goes on is left out",
  "overlap-queue": "with overlap: queue a time that comes while the last run goes on is put off until its end",
  "overlap-replace": "with overlap: replace a time that comes while the last run goes on stops that run",
  "run-task": "run-task runs a task now, once",
  "reset-failures": "a run that was long enough clears the count of failures in a row",
  // Reload
  "reload-signal": "a reload by signal reaches the main process only",
  "reload-command": "a reload by command runs the command beside the service",
  "reload-ended": "the reload has ended",
  // Requests
  "request-replaced": "a newer request that wants something else of a service replaces the older one",
  "request-timeout": "a request whose time has run out is answered; what it asked for stays asked for",
  // Configuration
  "apply-new": "a service that is new in the plan is started when it is enabled",
  "apply-changed": "a service whose definition changed is stopped and started with the new one",
  "apply-kept": "a service keeps its process where nothing in the new plan asks for another",
  "apply-removed": "a service that is no longer in the plan is stopped and forgotten",
  "apply-disabled": "a service that is no longer enabled is stopped",
  "apply-proved": "an apply is done when all that it changed is ready, healthy where its health is asked, and stays so",
  "apply-failed":
    "an apply whose services do not come up is taken back: the configuration before it is put in its place",
  "apply-refused":
    "one apply at a time: another one is refused, and what a signal or the disk brings waits for its end",
  // System
  critical: "the end of a critical service ends the system",
  idle: "a container or a laptop's system ends when nothing runs, waits or is scheduled",
  shutdown: "a shutdown stops everything, each service after those that need it",
  "shutdown-forced": "a forced shutdown, or one whose time has run out, kills what is left",
  "shutdown-finished": "everything is down, or given up: the rest is init's",
} as const;

export type Rule = keyof typeof rules;
