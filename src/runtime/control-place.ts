/**
 * Where the control socket stands. A socket file that somebody removed comes back: the listener lives on without it, but
 * nobody could find it. Where the kernel tells nothing about files, SIGUSR1 has us look.
 */

import { Poll } from "../contract.ts";
import type { ControlServer } from "../control/server.ts";
import type { LogLevel } from "../engine/effect.ts";
import { socketMode } from "./instance-paths.ts";
import type { OwnLog } from "./own-log.ts";
import type { Watches } from "./watches.ts";

const heldName = "control";
/** Of the inotify(7) descriptor, which outlives managers: the kernel takes 20 ms to close the last one, also in a death. */
const heldWatchName = "watch:control";
const drainBytes = 4096;

export class ControlPlace {
  private readonly server: ControlServer;
  private readonly watches: Watches;
  private readonly ownLog: OwnLog;
  private path = "";
  private watch = -1;
  /** Of the socket that leads to our listener; 0: it was gone when we came. */
  private inode = 0;
  /** Of the file in its place that was told of. */
  private strange = 0;

  constructor(server: ControlServer, watches: Watches, ownLog: OwnLog) {
    this.server = server;
    this.watches = watches;
    this.ownLog = ownLog;
  }

  /** The listener of a fresh instance; init keeps it for the next manager. */
  begin(listener: number, path: string): void {
    host.hold(heldName, listener);
    this.listen(listener, path);
  }

  /** The listener of an earlier manager. */
  resume(held: { name: string; fd: number }[], path: string): void {
    const listener = held.find(({ name }) => name === heldName);
    this.watch = held.find(({ name }) => name === heldWatchName)?.fd ?? -1;
    if (listener !== undefined) this.listen(listener.fd, path);
    this.look();
  }

  /** Makes the socket file again if it is gone. What else stands in its place is somebody's, and stays. */
  look(): void {
    if (this.path === "" || this.isOurs()) return;
    const found = host.stat(this.path);
    if (typeof found !== "number") {
      if (found.inode !== this.strange)
        this.tell("warn", "Another file stands in the control socket's place", found.kind);
      this.strange = found.inode;
      return;
    }
    const listener = host.listenUnix(this.path, socketMode);
    if (listener < 0) {
      this.tell("warn", "Cannot make the control socket again", host.errnoText(listener));
      return;
    }
    this.begin(listener, this.path);
    this.tell("info", "The control socket was removed and is there again", "");
  }

  /** At the end of all: the file that leads to our listener goes, so that nobody takes it for a gonit that runs. */
  leave(): void {
    if (this.path === "" || !this.isOurs()) return;
    const path = this.path;
    this.path = "";
    host.remove(path);
  }

  private isOurs(): boolean {
    const found = host.stat(this.path);
    return typeof found !== "number" && found.inode === this.inode;
  }

  private listen(listener: number, path: string): void {
    this.server.listen(listener);
    if (path.startsWith("@") || path === "") return;
    this.path = path;
    const found = host.stat(path);
    this.inode = typeof found !== "number" && found.kind === "socket" ? found.inode : 0;
    this.watchFile(path);
  }

  /** A file that is gone tells nothing more, so that the descriptor stays. */
  private watchFile(path: string): void {
    const watch = host.watchFile(this.watch, path);
    if (watch >= 0 && watch !== this.watch) host.hold(heldWatchName, watch);
    if (watch >= 0) this.watch = watch;
    if (this.watch >= 0) this.watches.add(this.watch, Poll.in, () => this.changed(this.watch));
  }

  private changed(watch: number): void {
    host.receive(watch, drainBytes);
    this.look();
  }

  private tell(level: LogLevel, message: string, reason: string): void {
    this.ownLog.write(level, message, reason === "" ? { path: this.path } : { path: this.path, reason });
  }
}
