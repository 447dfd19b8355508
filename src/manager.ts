/** The program of the manager's process. */

import { runManager } from "./runtime/manager.ts";

runManager();
