/** The program of the manager's process. */

import { runManager } from "./runtime/run-manager.ts";

runManager();
